// Streamlit's own words, which it has in English only, in the language of the pages, and its numbers. Placed by dashboards/shell.py,
// which puts the French of each word in the place of WORDS; the script's run says the language (dashboards/theme.py).
(() => {
    const pairs = Object.entries(WORDS);
    const reader = (pairs) => {
        const words = new Map(pairs.filter(([from]) => !from.includes("{}")));
        // « Remove {} »: what stands in the gap is ours, and stays as it is.
        const around = pairs.filter(([from]) => from.includes("{}")).map(([from, to]) => {
            const [before, after] = from.split("{}").map((part) => part.replace(/[.,]/g, "\\$&"));
            return [new RegExp(`^${before}(.+)${after}$`), to.replace("{}", "$1")];
        });
        return (text) => {
            const trimmed = text.trim(), word = words.get(trimmed);
            if (word) return text.replace(trimmed, word);
            const found = around.find(([pattern]) => pattern.test(trimmed));
            return found ? trimmed.replace(...found) : null;
        };
    };
    const inFrench = reader(pairs), inEnglish = reader(pairs.map(([from, to]) => [to, from]));
    const places = ["aria-label", "title", "placeholder"];
    const asked = places.map((name) => `[${name}]`).join();
    // Text only where Streamlit speaks, never in the page's own: a gym may be called « Open ».
    const menus = [
        "[data-testid=stDataFrameColumnMenu]", "[data-testid=stMainMenuPopover]", "[data-testid=stSkipToContent]",
        "[data-testid=stDateInputCalendar]", "[data-live-announcer]", "[role=listbox]", "[role=dialog]",
    ].join();
    let language = document.documentElement.lang;

    // Its tables and sliders write numbers as the browser would: here as the page is written, with a real minus.
    const Browsers = Intl.NumberFormat;
    const numbers = (asked, ...options) => {
        // They ask for the browser's languages, or for its first; whoever else formats names one.
        const isOurs = Array.isArray(asked) || asked === undefined || asked === navigator.language;
        const format = new Browsers(isOurs ? (document.documentElement.lang === "en" ? "en-GB" : "fr-FR") : asked, ...options);
        if (isOurs) {
            const write = format.format;
            Object.defineProperty(format, "format", { value: (number) => write(number).replace("-", "−") });
        }
        return format;
    };
    // Asked with `new` or without.
    Intl.NumberFormat = new Proxy(Browsers, {
        construct: (_, given) => numbers(...given), apply: (_, __, given) => numbers(...given),
    });

    // What came or changed since the last frame: the rest has been read.
    const fresh = new Set();

    const say = (root, read) => {
        for (const element of [root, ...root.querySelectorAll(asked)]) {
            for (const name of places) {
                const word = element.hasAttribute(name) && read(element.getAttribute(name));
                if (word) element.setAttribute(name, word);
            }
        }
        for (const menu of root.closest(menus) ? [root] : root.querySelectorAll(menus)) {
            const texts = document.createTreeWalker(menu, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                const word = read(texts.currentNode.nodeValue);
                if (word) texts.currentNode.nodeValue = word;
            }
        }
    };
    const translate = () => {
        const said = getComputedStyle(document.documentElement).getPropertyValue("--j-language").trim();
        if (said && said !== language) {
            document.documentElement.lang = language = said;
            fresh.add(document.documentElement);
        }
        const roots = [...fresh];
        fresh.clear();
        for (const root of roots) if (root.isConnected) say(root, language === "en" ? inEnglish : inFrench);
    };
    new MutationObserver((changes) => {
        const isWaiting = fresh.size > 0;
        for (const { type, target, addedNodes } of changes) {
            for (const node of type === "childList" ? addedNodes : [target]) {
                const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
                if (element) fresh.add(element);
            }
        }
        if (fresh.size && !isWaiting) requestAnimationFrame(translate);
    }).observe(document, {
        subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: places,
    });
})();
