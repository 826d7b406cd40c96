# SPDX-License-Identifier: Apache-2.0
# Checks a timeline (docs/timeline.md): JSON by its grammar, then the events. Says what is wrong, a line each, and at the end
#     time TID PS          sum of the slices of a track
#     counter PID NAME N   how often a counter changes
#     energy PID J         its power, held until the next value, over time
#     moved PID BYTES      its DRAM bandwidth, the same
#     linked PID BYTES     its link bandwidth, the same
#     about KEY VALUE      of the run
function wrong(text) { if (bad++ < 20) print "wrong: line " NR ": " text }

# The next token of the line, in `token`; its kind in `kind`: one of {}[],: or s (string), n (number), w (true, false, null)
function next_token(   c) {
    sub(/^[ \t]+/, "", rest)
    if (rest == "") return 0
    c = substr(rest, 1, 1)
    if (index("{}[],:", c)) { kind = token = c; rest = substr(rest, 2); return 1 }
    if (match(rest, /^"([^"\\]|\\["\\\/bfnrt]|\\u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F])*"/)) kind = "s"
    else if (match(rest, /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/)) kind = "n"
    else if (match(rest, /^(true|false|null)/)) kind = "w"
    else { wrong("no JSON: " substr(rest, 1, 30)); rest = ""; return 0 }
    token = substr(rest, 1, RLENGTH)
    rest = substr(rest, RLENGTH + 1)
    if (kind == "s") token = substr(token, 2, length(token) - 2)
    return 1
}

# `want`: v a value, V a value or the end of an empty array, k a key, K a key or the end of an empty object, c a colon,
# o a comma or an end, . nothing more. `nest` holds the open brackets, name[depth] the key that each is under.
function take() {
    if (kind == "{" || kind == "[") {
        if (want != "v" && want != "V") return wrong("'" kind "' where none may stand")
        nest = nest kind; depth++
        name[depth] = key; key = ""
        want = kind == "{" ? "K" : "V"
    } else if (kind == "}" || kind == "]") {
        if (substr(nest, depth, 1) != (kind == "}" ? "{" : "[") || (want != "o" && want != (kind == "}" ? "K" : "V")))
            return wrong("'" kind "' where none may stand")
        if (depth == 3 && name[2] == "traceEvents") event()
        nest = substr(nest, 1, --depth)
        want = depth ? "o" : "."
    } else if (kind == ",") {
        if (want != "o") return wrong("a comma where none may stand")
        want = substr(nest, depth, 1) == "{" ? "k" : "v"
        key = ""
    } else if (kind == ":") {
        if (want != "c") return wrong("a colon where none may stand")
        want = "v"
    } else if (kind == "s" && (want == "k" || want == "K")) {
        key = token
        want = "c"
    } else if (want == "v" || want == "V") {
        value()
        want = "o"
    } else wrong("'" token "' where none may stand")
}

function value() {
    if (depth == 3 && name[2] == "traceEvents") { f[key] = token; type[key] = kind }
    else if (depth == 4 && name[4] == "args") { f["args." key] = token; type["args." key] = kind; texts_and_numbers++; if (kind == "n") numbers++ }
    else if (depth == 2 && name[2] == "otherData") print "about " key " " token
}

function event(   end_us) {
    # what every event must have in the published format, with its type: a reader is free to fail where one is missing
    if (type["name"] != "s" || f["name"] == "" || type["ph"] != "s" || type["cat"] != "s" || type["pid"] != "n" || type["tid"] != "n" || type["ts"] != "n")
        wrong("an event without name, ph, cat, pid, tid or ts, or of another type")
    if (f["ts"] < 0) wrong("an event before the run")
    if (f["ph"] == "X") slice()
    else if (f["ph"] == "C") counter()
    else if (f["ph"] == "M") { if (f["name"] == "thread_name") { if (f["tid"] in named) wrong("a second name of track " f["tid"]); named[f["tid"]] = 1 } }
    else wrong("a kind that is not written: " f["ph"])
    split("", f); split("", type); numbers = texts_and_numbers = 0
}

function slice() {
    if (type["ts"] != "n" || type["dur"] != "n" || type["args.time_ps"] != "n") return wrong("a slice without times")
    if (!(f["tid"] in named)) wrong("a slice on track " f["tid"] ", which has no name")
    if (f["tid"] >= 200 && f["args.bound"] == "" && f["name"] != "host.launch") wrong("a launch without its bound")
    if (f["ts"] - end_at[f["tid"]] < -0.0001) wrong("overlap on track " f["tid"] ": starts at " f["ts"] ", before " end_at[f["tid"]])
    if (f["dur"] < 0 || f["dur"] * 1000000 - f["args.time_ps"] > 1001 || f["dur"] * 1000000 - f["args.time_ps"] < -1001) wrong("dur is not time_ps")
    end_at[f["tid"]] = f["ts"] + f["dur"]
    time[f["tid"]] += f["args.time_ps"]
}

function counter(   id) {
    id = f["pid"] " " f["name"]
    if (type["ts"] != "n" || numbers == 0) return wrong("a counter without time or value")
    if (f["ts"] + 0 < at[id] + 0) wrong("counter " id " goes back in time")
    if (numbers != texts_and_numbers) wrong("a series of counter " id " that is no number")
    integral[id] += last[id] * (f["ts"] - at[id])
    at[id] = f["ts"]
    last[id] = f["name"] == "power" ? f["args.W"] : f["args.GB/s"]
    changes[id]++
}

BEGIN { want = "v" }
{ rest = $0; while (next_token()) take() }
END {
    if (want != ".") wrong("the file ends inside a value")
    for (tid in time) printf "time %s %.0f\n", tid, time[tid]
    for (id in changes) print "counter " id " " changes[id]
    for (id in integral) {
        split(id, part, " ")
        if (part[2] == "power") printf "energy %s %.9g\n", part[1], integral[id] * 1e-6
        if (part[2] == "link") printf "linked %s %.9g\n", part[1], integral[id] * 1e3
        if (part[2] == "DRAM") printf "moved %s %.9g\n", part[1], integral[id] * 1e3
    }
    exit bad > 0
}
