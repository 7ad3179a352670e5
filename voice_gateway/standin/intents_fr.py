"""What the stand-in's brain can recognise in a member's French words, and what it says to each: data, no logic.

Keywords are stems, lower case and without accents, matched from the beginning of a word (`annul` finds « annulé »);
several words match as a phrase. `brain` chooses the intent with the heaviest keywords. `{name}` becomes ", Léa" or
nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Intent:
    """One thing a member may want."""

    name: str  # English, for logs of tests; the closed vocabulary of intents and topics where one fits
    keywords: tuple[tuple[str, int], ...]  # stem or phrase, weight
    answers: tuple[str, ...]  # said in turn
    tools: tuple[str, ...] = ()  # tools that serve it, the most fitting first
    category: str = "other"  # the closed topic, for tools that ask for one
    hints: tuple[str, ...] = ()  # values of other closed lists that fit, for tools that ask for one


INTENTS: tuple[Intent, ...] = (
    Intent(
        "refuse_analysis",
        (
            ("plus etre analyse", 12),
            ("pas etre analyse", 12),
            ("refuse l analyse", 12),
            ("refuse que mes conversations", 12),
            ("n analysez plus", 12),
            ("arretez d analyser", 12),
            ("retire mon accord", 12),
            ("retirer mon accord", 12),
        ),
        ("Votre choix se change à l'écran, ou à l'accueil{name}.",),
        ("set_analysis_consent",),
        hints=("no",),
    ),
    Intent(
        "accept_analysis",
        (("accepte l analyse", 12), ("accepte d etre analyse", 12), ("pouvez analyser", 12)),
        ("Votre choix se change à l'écran, ou à l'accueil{name}.",),
        ("set_analysis_consent",),
        hints=("yes",),
    ),
    Intent(
        "safety",
        (("dangereu", 4), ("glisser", 4), ("issue de secours", 6), ("accident", 4), ("incendie", 6), ("par terre", 2)),
        (
            "Merci de me prévenir{name}, la sécurité passe avant tout. Éloignez-vous de l'endroit, je préviens "
            "l'équipe tout de suite.",
            "C'est important{name}. J'alerte immédiatement un membre de l'équipe pour sécuriser la zone.",
        ),
        ("report_issue", "create_issue", "report_problem"),
        "safety",
    ),
    Intent(
        "injury",
        (
            ("fait mal", 5),
            ("blesse", 5),
            ("douleur", 4),
            ("mal au", 4),
            ("mal a", 4),
            ("genou", 2),
            ("epaule", 1),
            ("tendinite", 4),
        ),
        (
            "Je suis désolé de l'apprendre{name}. Arrêtez l'exercice, mettez du froid, et consultez un médecin "
            "si la douleur persiste. "
            "Voulez-vous que je prévienne un coach ?",
            "Prenez soin de vous{name}. Ne forcez pas sur cette articulation avant l'avis d'un médecin ; "
            "un coach pourra ensuite adapter vos séances.",
        ),
        ("report_injury", "get_advice", "request_human", "report_issue"),
        "injury_health",
    ),
    Intent(
        "cancel_membership",
        (
            ("resili", 6),
            ("quitter la salle", 5),
            ("je pense partir", 5),
            ("trop cher", 3),
            ("arreter mon abonnement", 6),
        ),
        (
            "Je comprends{name}, et je le regrette. Je transmets votre demande au responsable, qui vous rappelle "
            "pour les démarches "
            "et le préavis.",
            "Merci de votre franchise{name}. Le responsable de la salle va vous recontacter pour en parler et "
            "trouver une solution.",
        ),
        ("request_human", "request_membership_change", "cancel_membership"),
        "membership",
    ),
    Intent(
        "report_absence",
        (
            ("je serai absent", 9),
            ("je vais etre absent", 9),
            ("absente pendant", 9),
            ("je pars", 7),
            ("je ne viendrai pas", 8),
            ("ne pourrai pas venir", 8),
            ("je ne serai pas la", 8),
            ("je suis en vacances", 8),
        ),
        ("Merci de m'avoir prévenu{name}, profitez-en bien. L'accueil peut le noter.",),
        ("declare_absence", "report_absence", "request_human"),
        "membership",
    ),
    Intent(
        "freeze_membership",
        (("suspend", 6), ("geler", 5), ("mettre en pause", 5), ("absent", 4), ("pendant l ete", 2)),
        (
            "C'est possible{name} : l'abonnement peut être suspendu d'un à trois mois. Je transmets votre "
            "demande à l'accueil, "
            "qui vous la confirme.",
            "C'est noté{name}. L'accueil vous confirmera la suspension par courriel.",
        ),
        ("freeze_membership", "request_membership_change", "report_absence", "request_human"),
        "membership",
    ),
    Intent(
        "billing",
        (("preleve", 5), ("factur", 5), ("rembours", 5), ("paiement", 4), ("debite", 5)),
        (
            "Je suis désolé pour ce souci{name}. Je transmets votre question à l'accueil, qui vérifie vos prélèvements "
            "et vous répond sous deux jours.",
            "Merci de l'avoir signalé{name}. L'accueil va contrôler votre facture et vous rembourser s'il y a "
            "une erreur.",
        ),
        ("get_billing", "request_human", "report_issue"),
        "billing",
    ),
    Intent(
        "access_badge",
        (("badge", 5), ("carte de membre", 6), ("tourniquet", 4), ("code d entree", 4)),
        (
            "Pas d'inquiétude{name} : passez à l'accueil avec une pièce d'identité, votre badge sera réactivé ou "
            "remplacé.",
            "Je signale le problème de badge à l'accueil{name}. En attendant, l'équipe peut vous ouvrir.",
        ),
        ("report_issue", "request_human"),
        "access_badge",
    ),
    Intent(
        "membership",
        (("abonnement", 3), ("formule", 4), ("tarif", 4), ("combien coute", 4), ("etudiant", 3), ("contrat", 3)),
        (
            "Nos formules vont de l'essentiel à l'illimité{name}, avec un tarif réduit pour les étudiants. "
            "L'accueil peut changer la vôtre en quelques minutes.",
            "Je peux transmettre votre demande à l'accueil{name}, qui vous présentera la formule la plus adaptée.",
        ),
        ("get_membership", "get_membership_status", "request_membership_change"),
        "membership",
    ),
    Intent(
        "cancel_booking",
        (
            ("annuler ma reservation", 8),
            ("annuler mon cours", 8),
            ("annuler ma place", 8),
            ("ne pourrai pas venir", 7),
            ("desinscri", 6),
        ),
        (
            "C'est entendu{name}, votre place est libérée. Voulez-vous que je vous propose un autre créneau ?",
            "Votre réservation est annulée{name}. Merci d'avoir prévenu, cela profitera à quelqu'un d'autre.",
        ),
        ("cancel_booking", "cancel_class", "cancel_class_booking"),
        "class_schedule",
    ),
    Intent(
        "class_complaint",
        (("ete annule", 7), ("sans prevenir", 4), ("tres decu", 4)),
        (
            "Je comprends votre déception{name}, et je vous présente nos excuses. Je le signale au responsable "
            "des cours.",
            "Vous avez raison{name}, nous aurions dû vous prévenir. Je transmets votre remarque au responsable.",
        ),
        ("give_feedback", "report_issue", "log_complaint"),
        "class_schedule",
        ("complaint",),
    ),
    Intent(
        "book_class",
        (("reserver", 4), ("reserve", 4), ("inscri", 5), ("une place pour", 6), ("cours de", 1)),
        (
            "Avec plaisir{name}. Votre demande de réservation est enregistrée, vous recevrez une confirmation.",
            "C'est noté{name}, je demande votre place. Pensez à arriver cinq minutes avant le cours.",
        ),
        ("book_class", "create_booking", "book_session"),
        "class_schedule",
    ),
    Intent(
        "ask_schedule",
        (
            ("commence le cours", 7),
            ("programme des cours", 8),
            ("cours collectifs", 5),
            ("planning", 4),
            ("quels cours", 5),
        ),
        (
            "Les cours collectifs ont lieu le midi et le soir{name} : yoga, pilates, cycling et boxe. "
            "Le planning complet est affiché à l'entrée.",
            "Le planning de la semaine est à jour dans l'application{name}. Quel cours vous intéresse ?",
        ),
        ("get_class_schedule", "get_schedule", "list_classes"),
        "class_schedule",
    ),
    Intent(
        "ask_hours",
        (
            ("horaire", 5),
            ("fermez vous", 6),
            ("ouvert", 4),
            ("ferme", 1),
            ("ouvrez", 5),
            ("jours feries", 5),
            ("quelle heure", 3),
        ),
        (
            "La salle est ouverte de six heures à vingt-trois heures en semaine{name}, et de huit heures à vingt "
            "heures le week-end.",
            "En semaine nous fermons à vingt-trois heures{name} ; le week-end et les jours fériés, à vingt heures.",
        ),
        ("get_opening_hours", "get_hours", "opening_hours"),
        "opening_hours",
    ),
    Intent(
        "showers_lockers",
        (("douche", 4), ("casier", 5), ("cadenas", 5), ("eau froide", 4), ("froide", 2), ("ne s ouvre plus", 3)),
        (
            "Je suis vraiment désolé pour ce désagrément{name}. Je le signale tout de suite à l'équipe technique.",
            "Merci de l'avoir signalé{name}. Quelqu'un de l'équipe va s'en occuper dès maintenant.",
        ),
        ("report_issue", "create_issue", "report_problem"),
        "showers_lockers",
    ),
    Intent(
        "equipment",
        (
            ("en panne", 6),
            ("casse", 5),
            ("tapis", 2),
            ("rameur", 3),
            ("velo", 3),
            ("elliptique", 3),
            ("presse", 3),
            ("haltere", 3),
            ("poulie", 4),
            ("cable", 3),
            ("machine", 1),
            ("bruit bizarre", 4),
            ("bloque", 3),
            ("ne marche", 2),
            ("ecran", 2),
            ("pedale", 3),
            ("tractions est", 3),
            ("lacher", 3),
        ),
        (
            "Merci de m'avoir prévenu{name}, et désolé pour la gêne. Je signale la panne à l'équipe technique "
            "dès maintenant.",
            "C'est bien noté{name}. L'équipe va vérifier cet appareil aujourd'hui ; merci de ne pas l'utiliser "
            "en attendant.",
        ),
        ("report_issue", "create_issue", "report_problem"),
        "equipment",
    ),
    Intent(
        "cleanliness",
        (
            ("sale", 5),
            ("salete", 6),
            ("nettoy", 4),
            ("sentent mauvais", 6),
            ("sent mauvais", 6),
            ("poubelle", 5),
            ("collant", 4),
            ("lave", 3),
            ("degoutant", 5),
            ("inadmissible", 1),
            ("hygiene", 4),
        ),
        (
            "Je vous présente toutes nos excuses{name}, ce n'est pas acceptable. Je demande un nettoyage immédiat.",
            "Vous avez raison de le dire{name}. Je préviens l'équipe d'entretien tout de suite.",
        ),
        ("report_issue", "create_issue", "report_problem"),
        "cleanliness",
    ),
    Intent(
        "temperature",
        (
            ("trop chaud", 6),
            ("trop froid", 6),
            ("climatisation", 6),
            ("chauffage", 5),
            ("ventilation", 5),
            ("etouff", 4),
        ),
        (
            "Je comprends{name}, ce n'est pas confortable. Je demande à l'équipe de régler la température.",
            "Merci de me le dire{name}. Je signale le problème de température à l'équipe technique.",
        ),
        ("report_issue", "create_issue"),
        "temperature_air",
    ),
    Intent(
        "noise",
        (("musique", 5), ("trop fort", 4), ("volume", 3), ("on ne s entend", 4)),
        (
            "C'est noté{name}, je demande à l'équipe de baisser le volume.",
            "Merci de votre remarque{name}. L'équipe va ajuster la musique.",
        ),
        ("report_issue", "log_complaint"),
        "music_noise",
    ),
    Intent(
        "crowding",
        (
            ("trop de monde", 6),
            ("on attend", 4),
            ("vingt minutes", 2),
            ("affluence", 5),
            ("bonde", 4),
            ("file d attente", 4),
        ),
        (
            "Je comprends votre impatience{name}. La salle est plus calme entre quatorze et seize heures, et "
            "après vingt et une heures.",
            "Vous avez raison{name}, c'est une heure de pointe. Je transmets votre remarque au responsable.",
        ),
        ("get_occupancy", "give_feedback", "report_issue"),
        "crowding",
        ("complaint",),
    ),
    Intent(
        "request_human",
        (("parler a quelqu un", 7), ("responsable", 4), ("un humain", 6), ("un conseiller", 5), ("directeur", 4)),
        (
            "Bien sûr{name}. Je préviens l'équipe, quelqu'un vient vous voir dans quelques minutes.",
            "Je comprends{name}. Un membre de l'équipe va vous rejoindre près de la borne.",
        ),
        ("request_human", "call_staff", "request_staff", "handoff_to_staff"),
        "staff_coaching",
    ),
    Intent(
        "staff_complaint",
        (
            ("desagreable", 6),
            ("personne ne m a", 6),
            ("mal recu", 5),
            ("impoli", 5),
            ("personne ne s en occupe", 1),
            ("agressi", 4),
        ),
        (
            "Je suis sincèrement désolé{name}. Ce n'est pas l'accueil que nous voulons offrir : je transmets au "
            "responsable.",
            "Merci de votre confiance{name}. Le responsable lira votre remarque et reviendra vers vous.",
        ),
        ("give_feedback", "report_issue", "log_complaint", "request_human"),
        "staff_coaching",
        ("complaint",),
    ),
    Intent(
        "lost_item",
        (
            ("oublie ma", 6),
            ("oublie mon", 6),
            ("oublie mes", 6),
            ("objet perdu", 6),
            ("objets trouves", 6),
            ("vole mon", 6),
            ("gourde", 2),
        ),
        (
            "Je le note{name}. Les objets trouvés sont gardés à l'accueil ; l'équipe vous prévient si le vôtre y est.",
            "Je suis désolé{name}. Je préviens l'accueil, qui va regarder et vous recontacter.",
        ),
        ("report_lost_item", "request_human", "report_issue"),
        "facilities_other",
    ),
    Intent(
        "book_coach",
        (("seance avec un coach", 10), ("coach personnel", 5), ("coaching", 4)),
        (
            "Une séance avec un coach se réserve à l'accueil ou dans l'application{name} ; la première est offerte.",
            "Je peux demander à un coach de vous rappeler{name}. Plutôt le matin ou le soir ?",
        ),
        ("book_coach", "request_human"),
        "staff_coaching",
    ),
    Intent(
        "nutrition",
        (("manger", 5), ("proteine", 5), ("aliment", 4), ("regime", 4), ("nutrition", 5), ("calorie", 4)),
        (
            "Dans les deux heures après la séance{name}, visez des protéines et des glucides : par exemple un "
            "yaourt, un fruit "
            "et une poignée d'amandes. Et buvez bien.",
            "Une alimentation variée suffit le plus souvent{name} ; environ un gramme et demi de protéines par "
            "kilo et par jour "
            "si vous vous entraînez beaucoup.",
        ),
        ("get_nutrition_advice", "get_advice"),
        "nutrition",
    ),
    Intent(
        "set_goal",
        (("mon objectif est", 10), ("voudrais perdre", 8), ("je veux venir", 8), ("fixer un objectif", 10)),
        (
            "Bravo{name}, c'est un bel objectif ! Deux à trois séances régulières par semaine, et nous ferons le "
            "point ensemble.",
        ),
        ("set_goal",),
        "progress_goals",
    ),
    Intent(
        "my_profile",
        (
            ("mon profil", 8),
            ("mes informations", 8),
            ("mon abonnement se termine", 9),
            ("fin de mon abonnement", 9),
            ("quelle est ma formule", 9),
            ("combien de fois je suis venu", 9),
        ),
        ("Vos informations sont à l'accueil{name}, l'équipe vous les donnera volontiers.",),
        ("get_member_profile",),
        "membership",
    ),
    Intent(
        "progress_goals",
        (
            ("objectif", 5),
            ("progres", 3),
            ("perdre", 3),
            ("kilos avant", 4),
            ("marathon", 4),
            ("enfin reussi", 6),
            ("premiere traction", 5),
        ),
        (
            "Bravo{name}, c'est un bel objectif ! Deux à trois séances régulières par semaine, et nous ferons le "
            "point ensemble.",
            "Félicitations pour vos efforts{name} ! Continuez à ce rythme, la régularité fait la différence.",
        ),
        ("get_progress", "check_progress", "set_goal"),
        "progress_goals",
    ),
    Intent(
        "training_advice",
        (
            ("comment regler", 7),
            ("comment utiliser", 7),
            ("comment faire un", 7),
            ("conseil", 4),
            ("exercice", 4),
            ("programme pour", 5),
            ("debuter", 4),
            ("seances par semaine", 6),
            ("progresser", 5),
            ("developpe couche", 4),
            ("muscl", 3),
            ("entrainement", 2),
            ("etirement", 4),
            ("souffle", 3),
        ),
        (
            "Pour bien avancer{name}, je vous propose deux séances de renforcement et une de cardio par semaine, "
            "en augmentant les charges très progressivement.",
            "Commencez par dix minutes d'échauffement{name}, puis trois séries de douze répétitions ; un coach "
            "peut vérifier vos gestes.",
        ),
        ("get_training_advice", "get_advice", "recommend_workout"),
        "training_advice",
    ),
    Intent(
        "suggestion",
        (("vous devriez", 6), ("ce serait bien", 5), ("suggestion", 5), ("ajouter un", 3), ("il faudrait", 4)),
        (
            "Quelle bonne idée{name}, merci ! Je transmets votre suggestion au responsable.",
            "Merci de votre suggestion{name}, elle sera lue par l'équipe.",
        ),
        ("log_suggestion", "give_feedback", "report_issue"),
        "other",
        ("suggestion",),
    ),
    Intent(
        "kiosk",
        (("borne", 5), ("ne comprend", 4), ("tu comprends rien", 6), ("application", 3)),
        (
            "Je vous prie de m'excuser{name}, j'apprends encore. Pouvez-vous me le redire avec d'autres mots ?",
            "Désolé{name}. Si je ne comprends pas bien, l'accueil peut aussi vous aider.",
        ),
        ("report_issue",),
        "kiosk_app",
    ),
    Intent(
        "praise",
        (
            ("bravo", 5),
            ("genial", 5),
            ("formidable", 5),
            ("j adore", 6),
            ("impeccable", 4),
            ("super", 3),
            ("toute l equipe", 3),
            ("felicit", 4),
        ),
        (
            "Merci beaucoup{name}, cela fait très plaisir ! Je transmets vos mots à l'équipe.",
            "Quel joli compliment{name} ! L'équipe sera ravie de l'apprendre.",
        ),
        ("log_praise", "give_feedback"),
        "other",
        ("praise",),
    ),
    Intent(
        "goodbye",
        (
            ("au revoir", 6),
            ("bonne journee", 4),
            ("bonne soiree", 4),
            ("c est tout", 5),
            ("plus besoin", 5),
            ("a bientot", 5),
            ("non merci", 4),
        ),
        ("Au revoir{name}, bonne séance et à bientôt !", "Avec plaisir{name}. Bonne journée et à bientôt !"),
    ),
    Intent(
        "repeat",
        (("repeter", 6), ("repete", 6), ("pas entendu", 5), ("pas compris", 5)),
        ("Bien sûr{name}. Je disais : {previous}",),
    ),
    Intent(
        "thanks",
        (("merci", 2),),
        ("Avec plaisir{name} ! Puis-je vous aider pour autre chose ?", "Je vous en prie{name}."),
    ),
    Intent(
        "confirm",
        (("oui", 2), ("exactement", 2), ("d accord", 2), ("tout a fait", 2)),
        ("Très bien{name}, c'est noté.", "Parfait{name}, je m'en occupe."),
    ),
    Intent(
        "question_ahead",
        (("une question", 3),),
        ("Je vous écoute{name}, quelle est votre question ?",),
    ),
    Intent(
        "greeting",
        (("bonjour", 2), ("salut", 2), ("bonsoir", 2), ("coucou", 2)),
        (
            "Bonjour{name} ! Que puis-je faire pour vous ?",
            "Bonjour{name}, ravi de vous revoir. Comment puis-je vous aider ?",
        ),
    ),
)

WELCOME = "Bonjour{name}, je suis Jarvis, l'assistant de votre salle. Que puis-je faire pour vous ?"
NOT_UNDERSTOOD = (
    "Excusez-moi{name}, je n'ai pas bien compris. Pouvez-vous répéter ?",
    "Pardon{name}, je n'ai pas saisi. Pouvez-vous le redire un peu plus lentement ?",
)
UNKNOWN = (
    "Merci de m'en parler{name}. Je n'ai pas la réponse, mais je transmets votre message à l'équipe.",
    "Je ne suis pas sûr de pouvoir vous aider là-dessus{name} ; l'accueil saura vous répondre.",
)
STILL_THERE = "Êtes-vous toujours là{name} ? Je reste à votre disposition."
ANYTHING_ELSE = "Puis-je vous aider pour autre chose{name} ?"
TOOL_FAILED = "Je n'y arrive pas pour l'instant{name}. Le plus sûr est d'en parler à l'accueil."

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "demain", "aujourd'hui", "ce soir")
DAYS_ENGLISH = {
    "monday": "lundi",
    "tuesday": "mardi",
    "wednesday": "mercredi",
    "thursday": "jeudi",
    "friday": "vendredi",
    "saturday": "samedi",
    "sunday": "dimanche",
    "weekdays": "en semaine",
    "weekend": "le week-end",
    "today": "aujourd'hui",
    "tomorrow": "demain",
}
CLASSES = (
    "yoga",
    "pilates",
    "cycling",
    "boxe",
    "zumba",
    "cross training",
    "danse",
    "crossfit",
    "step",
    "body pump",
    "stretching",
    "cardio",
    "natation",
)
MACHINES = (
    "tapis",
    "rameur",
    "vélo elliptique",
    "vélo",
    "presse à cuisses",
    "poulie",
    "haltères",
    "machine à tractions",
    "banc",
)
# The first that is named is the place of a report.
ZONES = (
    "vestiaire",
    "douche",
    "casier",
    "salle de cardio",
    "issue de secours",
    "entrée",
    "accueil",
    "toilettes",
    "parking",
    "plateau de musculation",
)
ANYWHERE = "salle"
NUMBERS = {
    "un": 1,
    "deux": 2,
    "trois": 3,
    "quatre": 4,
    "cinq": 5,
    "six": 6,
    "sept": 7,
    "huit": 8,
    "neuf": 9,
    "dix": 10,
    "onze": 11,
    "douze": 12,
}
