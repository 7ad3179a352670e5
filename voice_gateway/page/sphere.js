// The sphere that listens and speaks: one small WebGL shader moved by the real levels of microphone and speaker.
//
// Where there is no WebGL, or somebody asked for less motion, the page's round CSS shape takes its place and only
// its glow follows the level. It begins with few pixels and takes more where the machine keeps up: a slow one
// gets a softer sphere, and keeps its time for the voice.

const MAX_PIXELS = 560;
const FIRST_PIXELS = 280;
const MIN_PIXELS = 140;
const FRAME_MS = 1000 / 30;
const CALM_FRAME_MS = 250;
const SLOW_MS = 28;

// Two colours, how fast it turns, how restless it is without any sound.
const MOODS = {
  idle: { near: [0.62, 0.93, 0.86], far: [0.03, 0.3, 0.42], pace: 0.16, unrest: 0.12 },
  connecting: { near: [0.72, 0.88, 1.0], far: [0.08, 0.24, 0.52], pace: 0.5, unrest: 0.2 },
  consent: { near: [0.72, 0.88, 1.0], far: [0.08, 0.24, 0.52], pace: 0.14, unrest: 0.08 },
  listening: { near: [0.56, 1.0, 0.8], far: [0.0, 0.42, 0.44], pace: 0.26, unrest: 0.16 },
  thinking: { near: [0.86, 0.8, 1.0], far: [0.28, 0.16, 0.62], pace: 0.95, unrest: 0.34 },
  speaking: { near: [1.0, 0.86, 0.66], far: [0.66, 0.2, 0.22], pace: 0.4, unrest: 0.2 },
  degraded: { near: [0.74, 0.72, 0.68], far: [0.24, 0.2, 0.18], pace: 0.08, unrest: 0.05 },
};
const MOOD_OF = {
  provisioning: "connecting", starting: "connecting", unavailable: "degraded", farewell: "idle", testing: "listening",
};

const VERTEX = "attribute vec2 at; void main() { gl_Position = vec4(at, 0.0, 1.0); }";
const FRAGMENT = `
precision highp float;
uniform float size, turn, beat, level, unrest;
uniform vec3 near, far;

// Folded sines: silk instead of clouds, and cheap on the small graphics of a kiosk.
float silk(vec3 q, float t) {
  for (int fold = 0; fold < 4; fold++) {
    q += 0.62 * sin(1.35 * q.yzx + vec3(0.0, 1.3, 2.6) + t);
    q = mat3(0.8, 0.6, 0.0, -0.48, 0.64, 0.6, 0.36, -0.48, 0.8) * q;
  }
  return 0.5 + 0.5 * sin(q.x + 0.7 * q.z);
}

void main() {
  vec2 p = (2.0 * gl_FragCoord.xy - size) / size;
  float reach = length(p);
  float angle = atan(p.y, p.x);
  float swell = 0.5 * sin(2.0 * angle + 1.3 * beat) + 0.3 * sin(3.0 * angle - 1.7 * beat) + 0.2 * sin(5.0 * angle + 2.3 * beat);
  float radius = 0.62 + 0.03 * level + swell * (0.006 * unrest + 0.045 * level);
  float edge = 3.0 / size;
  float inside = smoothstep(radius + edge, radius - edge, reach);
  float depth = sqrt(max(0.0, 1.0 - min(1.0, (reach * reach) / (radius * radius))));
  vec3 normal = vec3(p / radius, depth);
  float s = sin(turn), c = cos(turn);
  vec3 around = vec3(c * normal.x + s * normal.z, normal.y, c * normal.z - s * normal.x);
  float flow = silk(1.25 * around + vec3(0.0, 0.0, 0.2 * beat), 0.33 * beat);
  float fine = silk(2.2 * around + vec3(3.0, 0.4 * flow, -0.3 * beat), 0.21 * beat + 2.0);
  float veil = smoothstep(0.05, 1.0, 0.72 * flow + 0.28 * fine + 0.22 * level * fine);
  float rim = pow(1.0 - depth, 3.0);
  float light = max(0.0, dot(normal, normalize(vec3(-0.5, 0.66, 0.56))));
  float shade = 0.22 + 0.78 * light;
  vec3 deep = mix(far * 0.28, far, shade);
  vec3 body = mix(deep, near, veil * veil * (0.18 + 0.62 * shade));
  body += near * fine * fine * 0.12 * depth;
  body += near * rim * (0.34 + 0.5 * level);
  body += vec3(1.0) * (pow(light, 18.0) * 0.2 + pow(light, 90.0) * 0.28);
  body += near * 0.2 * level * depth * flow;
  float away = max(0.0, reach - radius);
  float halo = exp(-away * (8.0 - 3.6 * level)) * (0.26 + 0.44 * level) * smoothstep(1.0, 0.7, reach);
  vec3 colour = mix(mix(far, near, 0.5) * halo, body, inside);
  gl_FragColor = vec4(colour, mix(halo * 0.8, 1.0, inside));
}`;

export class Sphere {
  #canvas;
  #shape;
  #levels;
  #mood = MOODS.connecting;
  #shown = { ...MOODS.connecting };
  #level = 0;
  #turn = 0;
  #beat = 0;
  #last = 0;
  #pixels = FIRST_PIXELS;
  #isGrowing = true;
  #slow = 0;
  #good = 0;
  #gl = null;
  #places = {};
  #isCalm;

  /** `levels` gives the loudness now, 0 to 1, of whoever is heard in this phase. */
  constructor(canvas, shape, levels) {
    this.#canvas = canvas;
    this.#shape = shape;
    this.#levels = levels;
    const query = matchMedia("(prefers-reduced-motion: reduce)");
    this.#isCalm = query.matches;
    query.onchange = () => {
      this.#isCalm = query.matches;
      this.#choose();
    };
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.#gl = null;
      this.#choose();
    });
    canvas.addEventListener("webglcontextrestored", () => this.#setUp());
    this.#setUp();
    requestAnimationFrame((now) => this.#frame(now));
  }

  get kind() {
    return this.#gl && !this.#isCalm ? "webgl" : this.#isCalm ? "calm" : "css";
  }

  phase(phase) {
    this.#mood = MOODS[phase] ?? MOODS[MOOD_OF[phase]] ?? MOODS.idle;
  }

  #setUp() {
    const gl = this.#canvas.getContext("webgl", { premultipliedAlpha: true, antialias: false, powerPreference: "low-power" });
    this.#gl = gl && this.#program(gl) ? gl : null;
    this.#choose();
  }

  #choose() {
    this.#shape.dataset.kind = this.kind;
  }

  #program(gl) {
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return false;
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 3, -1, -1, 3]), gl.STATIC_DRAW);
    const at = gl.getAttribLocation(program, "at");
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 2, gl.FLOAT, false, 0, 0);
    for (const name of ["size", "turn", "beat", "level", "unrest", "near", "far"]) {
      this.#places[name] = gl.getUniformLocation(program, name);
    }
    return true;
  }

  #frame(now) {
    requestAnimationFrame((next) => this.#frame(next));
    const passed = now - this.#last;
    if (passed < (this.kind === "calm" ? CALM_FRAME_MS : FRAME_MS) - 2) return;
    const seconds = Math.min(0.1, passed / 1000);
    this.#last = now;
    this.#advance(seconds);
    this.#shape.style.setProperty("--level", this.#level.toFixed(3));
    if (this.kind === "webgl") this.#draw(passed);
  }

  #advance(seconds) {
    const heard = this.#levels();
    // Up at once, down slowly: a voice has pauses, a sphere has none.
    this.#level += (heard - this.#level) * Math.min(1, seconds * (heard > this.#level ? 14 : 4));
    const ease = Math.min(1, seconds * 3);
    for (const name of ["near", "far"]) {
      this.#shown[name] = this.#shown[name].map((value, index) => value + (this.#mood[name][index] - value) * ease);
    }
    for (const name of ["pace", "unrest"]) this.#shown[name] += (this.#mood[name] - this.#shown[name]) * ease;
    this.#turn += seconds * this.#shown.pace;
    this.#beat += seconds * (0.25 + this.#shown.unrest + 1.6 * this.#level);
  }

  #draw(passed) {
    const gl = this.#gl;
    const began = performance.now();
    const wanted = Math.min(this.#pixels, Math.round(this.#canvas.clientWidth * devicePixelRatio)) || MIN_PIXELS;
    if (this.#canvas.width !== wanted) this.#canvas.width = this.#canvas.height = wanted;
    gl.viewport(0, 0, wanted, wanted);
    gl.uniform1f(this.#places.size, wanted);
    for (const [name, value] of [["turn", this.#turn], ["beat", this.#beat], ["level", this.#level], ["unrest", this.#shown.unrest]]) {
      gl.uniform1f(this.#places[name], value);
    }
    gl.uniform3fv(this.#places.near, this.#shown.near);
    gl.uniform3fv(this.#places.far, this.#shown.far);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.#adapt(performance.now() - began, passed);
  }

  #adapt(own, passed) {
    const isSlow = own > SLOW_MS || passed > 1.8 * FRAME_MS;
    this.#slow = isSlow ? this.#slow + 1 : Math.max(0, this.#slow - 1);
    this.#good = isSlow ? 0 : this.#good + 1;
    if (this.#slow > 6 && this.#pixels > MIN_PIXELS) {
      // Once too many, always too many: it does not swing between sharp and slow.
      this.#isGrowing = false;
      this.#pixels = Math.max(MIN_PIXELS, Math.round(this.#pixels * 0.7));
      this.#slow = 0;
    } else if (this.#isGrowing && this.#good > 45 && this.#pixels < MAX_PIXELS) {
      this.#pixels = Math.min(MAX_PIXELS, this.#pixels + 140);
      this.#good = 0;
    }
  }
}
