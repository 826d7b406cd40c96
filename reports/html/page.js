// SPDX-License-Identifier: Apache-2.0
// The page of `llmsim report --html`: sorts and filters the table that stands in the page, draws the plot and the breakdown from the data beside
// it. What is chosen is kept behind the # of the address, so that a view can be passed on. Texts are only ever set as text, never as markup.
(function () {
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const columns = data.columns, rows = data.rows;
const at = id => document.getElementById(id);
const index = name => columns.findIndex(c => c.name === name);
const body = at("runs").tBodies[0], lines = Array.from(body.rows);
const numbers = columns.filter(c => c.number), texts = columns.filter(c => !c.number);
const state = { sort: "", filter: "", x: data.x, y: data.y, xlog: null, ylog: null, xup: null, yup: null, by: data.by, select: [] };
const GROUPS = 7, SELECTED_MAX = 8, ROLES_MAX = 10, SMALL_FROM = 800;
let visible = rows.map((_, i) => i), points = new Map();

function make(tag, attributes, ...children) {
    const svg = ["svg", "g", "path", "line", "text", "title"].includes(tag);
    const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const name in attributes || {}) e.setAttribute(name, attributes[name]);
    e.append(...children);
    return e;
}

// Four significant digits.
function number(v) {
    if (v === null) return "-";
    const size = Math.abs(v);
    return size !== 0 && (size >= 1e6 || size < 1e-3) ? String(Number(v.toPrecision(4)).toExponential()).replace("e+", "e") : String(Number(v.toPrecision(4)));
}

function withUnit(column, v) {
    return v === null ? "-" : column.number ? number(v) + (column.unit ? " " + column.unit : "") : v;
}

/* ---- state behind the # ---- */

function readState() {
    const given = new URLSearchParams(location.hash.slice(1));
    const one = (name, known) => given.has(name) && known(given.get(name)) ? given.get(name) : null;
    const isNumber = name => numbers.some(c => c.name === name);
    const flag = name => one(name, v => v === "0" || v === "1");

    state.sort = one("sort", v => index(v.replace(/^-/, "")) >= 0) || "";
    state.filter = given.get("filter") || "";
    state.x = one("x", isNumber) || data.x;
    state.y = one("y", isNumber) || data.y;
    state.by = one("by", name => texts.some(c => c.name === name)) || data.by;
    for (const name of ["xlog", "ylog", "xup", "yup"]) {
        const v = flag(name);
        state[name] = v === null ? null : v === "1";
    }
    state.select = (given.get("select") || "").split(",").filter(s => /^\d+$/.test(s)).map(Number).filter(i => i < rows.length).slice(0, SELECTED_MAX);
}

function writeState() {
    const out = new URLSearchParams();
    for (const name of ["sort", "filter", "x", "y", "by"])
        if (state[name] && state[name] !== data[name]) out.set(name, state[name]);
    for (const name of ["xlog", "ylog", "xup", "yup"])
        if (state[name] !== null) out.set(name, state[name] ? "1" : "0");
    if (state.select.length) out.set("select", state.select.join(","));
    try {
        history.replaceState(null, "", "#" + out);
    } catch (e) { /* a viewer that does not let pages change their address */ }
}

/* ---- filter ---- */

const operators = {
    "<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "!=": (a, b) => a !== b, "=": (a, b) => a === b, "<": (a, b) => a < b, ">": (a, b) => a > b,
    "~": (a, b) => String(a).includes(b)
};

// One word as a test of a run; `problem` says what it may have been meant for.
function testOf(word) {
    const m = /^([a-z_0-9]+)(<=|>=|!=|=|<|>|~)(.+)$/i.exec(word);
    const column = m ? index(m[1].toLowerCase()) : -1;
    const low = word.toLowerCase();

    if (column < 0)
        return { holds: i => rows[i].some((v, k) => !columns[k].number && v !== null && v.toLowerCase().includes(low)),
                 problem: m && m[2] !== "=" ? "no column '" + m[1] + "'" : "" };
    const operator = operators[m[2]], numeric = columns[column].number && m[2] !== "~";
    const value = numeric ? Number(m[3]) : m[3].toLowerCase();
    if (numeric && Number.isNaN(value))
        return { holds: () => false, problem: "'" + m[3] + "' is no number" };
    return { holds: i => rows[i][column] !== null && operator(numeric ? rows[i][column] : String(rows[i][column]).toLowerCase(), value), problem: "" };
}

function applyFilter() {
    const tests = (state.filter.match(/\S+/g) || []).map(testOf);
    const problem = tests.map(t => t.problem).filter(Boolean).join("; ");

    visible = [];
    lines.forEach((line, i) => {
        line.hidden = !tests.every(t => t.holds(i));
        if (!line.hidden) visible.push(i);
    });
    at("count").textContent = visible.length + " of " + rows.length + " runs" + (problem ? "; " + problem : "");
    at("filter").setAttribute("aria-invalid", problem ? "true" : "false");
}

/* ---- order ---- */

function applySort() {
    const down = state.sort.startsWith("-"), name = state.sort.replace(/^-/, ""), k = index(name);
    const order = rows.map((_, i) => i);

    if (k >= 0)
        order.sort((a, b) => {
            const p = rows[a][k], q = rows[b][k];
            if (p === null || q === null) return (p === null) - (q === null) || a - b; // what is missing comes last
            return (p < q ? -1 : p > q ? 1 : 0) * (down ? -1 : 1) || a - b;
        });
    body.append(...order.map(i => lines[i]));
    for (const th of at("runs").tHead.rows[0].cells)
        if (th.dataset.column)
            th.setAttribute("aria-sort", th.dataset.column !== name ? "none" : down ? "descending" : "ascending");
}

/* ---- selection ---- */

function select(i, add) {
    const there = state.select.includes(i);

    if (add) state.select = there ? state.select.filter(k => k !== i) : [...state.select, i].slice(-SELECTED_MAX);
    else state.select = there && state.select.length === 1 ? [] : [i];
    writeState();
    showSelection();
}

function hover(i, on) {
    lines[i].classList.toggle("hot", on);
    if (points.has(i)) points.get(i).classList.toggle("hot", on);
    if (on) at("tip").textContent = describe(i);
}

function describe(i) {
    return [data.labels[i]].concat([state.x, state.y].map(name => {
        const c = columns[index(name)];
        return c.heading.replace(/ \(.*/, "") + " " + withUnit(c, rows[i][index(name)]);
    })).join(", ");
}

function showSelection() {
    lines.forEach((line, i) => {
        const on = state.select.includes(i);
        line.classList.toggle("selected", on);
        line.cells[0].firstChild.checked = on;
        if (points.has(i)) points.get(i).classList.toggle("selected", on);
    });
    drawBars();
}

function reveal(i) {
    const box = at("runs").parentNode, line = lines[i], head = at("runs").tHead.offsetHeight;

    if (line.offsetTop < box.scrollTop + head) box.scrollTop = line.offsetTop - head;
    else if (line.offsetTop + line.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = line.offsetTop + line.offsetHeight - box.clientHeight;
}

/* ---- plot ---- */

const shapes = [
    "M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z", "M-4,-4h8v8h-8z", "M0,-5.3L5,3.8H-5z", "M0,-5.5L5.5,0L0,5.5L-5.5,0z", "M0,5.3L5,-3.8H-5z",
    "M-1.6,-5h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z", "M-2.5,-5h5l3,5l-3,5h-5l-3,-5z", "M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0z"
];

function axisOf(values, log, from, to) {
    let low = Math.min(...values), high = Math.max(...values);
    const ticks = [];

    if (log) {
        const room = Math.max((high / low) ** 0.06, 1.1), steps = high / low > 300 ? [1] : high / low > 4 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
        low /= room; high *= room;
        for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++)
            for (const step of steps) {
                const v = Number(step + "e" + decade);
                if (v >= low && v <= high) ticks.push(v);
            }
        return { ticks, place: v => from + (Math.log(v / low) / Math.log(high / low)) * (to - from) };
    }
    const room = 0.06 * (high > low ? high - low : Math.abs(high) || 1);
    low = low >= 0 && low < 0.35 * high ? 0 : low - room;
    high += room;
    const rough = (high - low) / 5, unit = 10 ** Math.floor(Math.log10(rough)), step = unit * [1, 2, 5, 10].find(s => s * unit >= rough);
    for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
    return { ticks, place: v => from + ((v - low) / (high - low)) * (to - from) };
}

// Runs that no other one beats in both, the best of x first.
function frontOf(items, xUp, yUp) {
    const x = p => xUp ? -p.x : p.x, y = p => yUp ? -p.y : p.y;
    let best = Infinity;

    return [...items].sort((a, b) => x(a) - x(b) || y(a) - y(b) || a.i - b.i).filter(p => y(p) < best && ((best = y(p)), true));
}

function choice(name, automatic) {
    return state[name] === null ? automatic : state[name];
}

// An axis is logarithmic by itself where its values span over a decade and a half.
function wantsLog(values) {
    const low = Math.min(...values);
    return low > 0 && Math.max(...values) / low > 30;
}

function axisLabel(column, log, up) {
    return column.heading + (log ? ", log scale" : "") + (up ? " (more is better)" : " (less is better)");
}

function drawFrame(svg, width, height, box, x, y, labels) {
    let last = -Infinity;

    for (const v of x.ticks) {
        const p = x.place(v), text = number(v), half = 3.4 * text.length;
        svg.append(make("line", { class: "grid", x1: p, x2: p, y1: box.top, y2: box.bottom }));
        if (p - half < last + 6 || p + half > width) continue;
        svg.append(make("text", { x: p, y: box.bottom + 16, "text-anchor": "middle" }, text));
        last = p + half;
    }
    for (const v of y.ticks) {
        const p = y.place(v);
        svg.append(make("line", { class: "grid", x1: box.left, x2: box.right, y1: p, y2: p }),
                   make("text", { x: box.left - 6, y: p + 4, "text-anchor": "end" }, number(v)));
    }
    svg.append(make("path", { class: "axis", fill: "none", d: `M${box.left},${box.top}V${box.bottom}H${box.right}` }),
               make("text", { class: "title", x: box.right, y: height - 6, "text-anchor": "end" }, labels[0]),
               make("text", { class: "title", x: 2, y: 14 }, labels[1]));
}

function groupsOf(k, items) {
    const names = [...new Set(items.map(p => k < 0 || rows[p.i][k] === null ? "-" : rows[p.i][k]))].sort();
    const place = new Map(names.map((name, n) => [name, names.length > GROUPS + 1 && n >= GROUPS ? GROUPS : n]));

    return { of: i => place.get(k < 0 || rows[i][k] === null ? "-" : rows[i][k]), shown: names.slice(0, names.length > GROUPS + 1 ? GROUPS : GROUPS + 1),
             others: Math.max(0, names.length > GROUPS + 1 ? names.length - GROUPS : 0) };
}

/* Names without the parts between commas that all of them have; alone a name stays whole. */
function shortened(names) {
    const parts = names.map(name => String(name).split(","));
    const differ = part => !parts.every(of => of.includes(part));

    return names.length < 2 ? names : parts.map((of, n) => of.filter(differ).join(",") || names[n]);
}

function drawKey(groups) {
    const short = shortened(groups.shown);
    const entry = (g, name) => make("li", { title: groups.shown[g] || name }, make("svg", { viewBox: "-6 -6 12 12", "aria-hidden": "true" }, make("path", { class: "g" + g, d: shapes[g] })), name);

    at("key").replaceChildren(...short.map((name, g) => entry(g, name)), ...(groups.others ? [entry(GROUPS, groups.others + " others")] : []));
}

function addPoint(svg, p, px, py, group, best, small) {
    const e = make("path", { class: "point g" + group + (best ? " best" : ""), d: shapes[group], transform: `translate(${px.toFixed(1)},${py.toFixed(1)})` + (small ? " scale(.5)" : ""),
                             "data-run": p.i });

    if (best) { /* by keyboard the front is walked; every run is in the table */
        e.setAttribute("tabindex", "0");
        e.setAttribute("role", "button");
        e.setAttribute("aria-label", describe(p.i));
    }
    points.set(p.i, e);
    svg.append(e);
}

function drawPlot() {
    const xk = index(state.x), yk = index(state.y);
    const both = visible.map(i => ({ i, x: rows[i][xk], y: rows[i][yk] })).filter(p => p.x !== null && p.y !== null);
    const xLog = both.length > 0 && choice("xlog", wantsLog(both.map(p => p.x))), yLog = both.length > 0 && choice("ylog", wantsLog(both.map(p => p.y)));
    const xUp = choice("xup", columns[xk].up), yUp = choice("yup", columns[yk].up);
    const items = both.filter(p => (!xLog || p.x > 0) && (!yLog || p.y > 0)), left = visible.length - items.length;
    const width = Math.max(280, at("plot").clientWidth), height = Math.round(Math.min(560, Math.max(270, 0.85 * width)));
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": columns[yk].heading + " over " + columns[xk].heading });

    points = new Map();
    at("x").value = state.x; at("y").value = state.y; at("by").value = state.by;
    at("x-log").checked = xLog; at("y-log").checked = yLog;
    at("x-better").selectedIndex = Number(xUp); at("y-better").selectedIndex = Number(yUp);
    at("tip").textContent = left ? left + (left === 1 ? " run has" : " runs have") + " no place here: a value is missing, or not above 0 on a log scale." : "";
    at("plot").replaceChildren(svg);
    if (!items.length) {
        svg.append(make("text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, "no run has both values"));
        at("key").replaceChildren();
        return;
    }
    const box = { left: 62, right: width - 14, top: 26, bottom: height - 46 };
    const x = axisOf(items.map(p => p.x), xLog, box.left, box.right), y = axisOf(items.map(p => p.y), yLog, box.bottom, box.top);
    const front = frontOf(items, xUp, yUp), best = new Set(front.map(p => p.i)), groups = groupsOf(index(state.by), items);
    drawFrame(svg, width, height, box, x, y, [axisLabel(columns[xk], xLog, xUp), axisLabel(columns[yk], yLog, yUp)]);
    svg.append(make("path", { class: "front", d: front.map((p, n) => n ? `H${x.place(p.x).toFixed(1)}V${y.place(p.y).toFixed(1)}`
                                                                       : `M${x.place(p.x).toFixed(1)},${y.place(p.y).toFixed(1)}`).join("") }));
    for (const p of items.filter(q => !best.has(q.i)).concat(front)) addPoint(svg, p, x.place(p.x), y.place(p.y), groups.of(p.i), best.has(p.i), items.length > SMALL_FROM);
    drawKey(groups);
}

/* ---- breakdown ---- */

function bar(name, parts, total, longest, thin) {
    const sum = parts.reduce((a, b) => a + b, 0), strip = make("div", { class: thin ? "bar thin" : "bar", role: "img" });
    const spoken = [];

    strip.style.width = Math.max(0.5, 100 * sum / longest) + "%";
    parts.forEach((part, c) => {
        if (!(part > 0)) return;
        const share = 100 * part / sum, text = data.causes[c] + " " + number(part) + " s (" + share.toFixed(1) + " %)";
        const wide = !thin && share * sum / longest > 14;
        const piece = make("span", { class: data.causes[c] + (wide ? "" : " bare"), title: text }, wide ? data.causes[c] + " " + share.toFixed(0) + " %" : "");
        piece.style.flex = share + " 0 0";
        strip.append(piece);
        spoken.push(text);
    });
    strip.setAttribute("aria-label", name + ": " + spoken.join(", "));
    return make("div", { class: "bar-row" }, make("div", { class: "name" }, make("span", {}, name), make("span", {}, total)), strip);
}

function causesOf(i) {
    const parts = data.causes.map(c => index(c + "_s")).map(k => k < 0 ? null : rows[i][k]);
    return parts.some(v => v !== null) ? parts.map(v => v || 0) : null;
}

function drawRoles(i) {
    const roles = data.roles ? data.roles[i] : null;

    if (!roles || !roles.length) return at("roles").replaceChildren();
    const time = r => r[2].reduce((a, b) => a + b, 0), all = roles.map(time).reduce((a, b) => a + b, 0);
    const sorted = [...roles].sort((a, b) => time(b) - time(a)), shown = sorted.slice(0, ROLES_MAX), rest = sorted.slice(ROLES_MAX);
    const bars = shown.map(r => bar(r[0] + " " + r[1], r[2], number(time(r)) + " s, " + (100 * time(r) / all).toFixed(1) + " %", time(shown[0]), true));

    if (rest.length)
        bars.push(make("p", { class: "note" }, rest.length + " more: " + number(rest.map(time).reduce((a, b) => a + b, 0)) + " s"));
    at("roles").replaceChildren(make("h3", {}, "By phase and role: " + data.labels[i]), ...bars);
}

function drawBars() {
    const chosen = state.select.length ? state.select : visible.slice(0, 1), parts = chosen.map(causesOf);
    const longest = Math.max(...parts.filter(Boolean).map(p => p.reduce((a, b) => a + b, 0)), 0), used = data.causes.map(() => false);

    at("bars").replaceChildren(...chosen.map((i, n) => {
        if (!parts[n])
            return make("p", { class: "note" }, data.labels[i] + ": no breakdown of this run is kept ('llmsim run' with the same inputs completes it).");
        parts[n].forEach((v, c) => { used[c] = used[c] || v > 0; });
        return bar(data.labels[i], parts[n], number(parts[n].reduce((a, b) => a + b, 0)) + " s", longest, false);
    }));
    at("causes").replaceChildren(...data.causes.filter((_, c) => used[c]).map(c => make("li", {}, make("i", { class: c }), c)));
    if (chosen.length) drawRoles(chosen[chosen.length - 1]);
    else at("roles").replaceChildren();
}

/* ---- the page ---- */

function showAll() {
    at("filter").value = state.filter;
    applyFilter();
    applySort();
    drawPlot();
    showSelection();
}

function prepareTable() {
    const head = at("runs").tHead.rows[0];

    for (const th of [...head.cells]) {
        const button = make("button", { type: "button", title: columns[index(th.dataset.column)].help }, ...th.childNodes);
        th.replaceChildren(button);
        button.addEventListener("click", () => {
            const name = th.dataset.column;
            state.sort = state.sort === name ? "-" + name : name;
            writeState();
            applySort();
        });
    }
    head.prepend(make("th", { class: "pick" }));
    lines.forEach((line, i) => {
        const box = make("input", { type: "checkbox", "aria-label": "select " + data.labels[i] });
        line.prepend(make("td", { class: "pick" }, box));
        line.classList.add("live-row");
        line.addEventListener("mouseenter", () => hover(i, true));
        line.addEventListener("mouseleave", () => hover(i, false));
        line.addEventListener("click", e => select(i, e.target === box || e.ctrlKey || e.metaKey || e.shiftKey));
    });
}

function preparePlot() {
    const run = e => e.target.dataset && e.target.dataset.run !== undefined ? Number(e.target.dataset.run) : -1;
    const pick = e => {
        if (run(e) < 0) return;
        select(run(e), e.ctrlKey || e.metaKey || e.shiftKey);
        reveal(run(e));
    };

    for (const name of ["mouseover", "focusin"]) at("plot").addEventListener(name, e => run(e) >= 0 && hover(run(e), true));
    for (const name of ["mouseout", "focusout"]) at("plot").addEventListener(name, e => run(e) >= 0 && hover(run(e), false));
    at("plot").addEventListener("click", pick);
    at("plot").addEventListener("keydown", e => {
        if (run(e) >= 0 && (e.key === "Enter" || e.key === " ")) {
            e.preventDefault();
            pick(e);
        }
    });
}

function prepareControls() {
    const change = (id, act) => at(id).addEventListener("change", () => {
        act(at(id));
        writeState();
        drawPlot();
        showSelection();
    });

    for (const id of ["x", "y"]) {
        at(id).append(...numbers.map(c => make("option", { value: c.name, title: c.help }, c.heading)));
        change(id, e => { state[id] = e.value; state[id + "log"] = state[id + "up"] = null; });
        change(id + "-log", e => { state[id + "log"] = e.checked; });
        change(id + "-better", e => { state[id + "up"] = e.selectedIndex === 1; });
    }
    at("by").append(...texts.map(c => make("option", { value: c.name, title: c.help }, c.heading)));
    change("by", e => { state.by = e.value; });
    at("filter").addEventListener("input", () => {
        state.filter = at("filter").value;
        writeState();
        applyFilter();
        drawPlot();
        showSelection();
    });
}

if (!rows.length) return;
prepareTable();
preparePlot();
prepareControls();
for (const e of document.querySelectorAll(".live")) e.hidden = false;
readState();
showAll();
addEventListener("hashchange", () => { readState(); showAll(); });
let drawn = at("plot").clientWidth;
new ResizeObserver(() => {
    if (at("plot").clientWidth === drawn) return;
    drawn = at("plot").clientWidth;
    drawPlot();
    showSelection();
}).observe(at("plot"));
})();
