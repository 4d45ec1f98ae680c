// Keeps a page as it would be if it were loaded again: when the timeline has grown the page is asked for, and what changed is swapped.
// Everything works without it.

const GAP = 1000; // at most once a second
const REST = 15000; // readings that change nothing write no line

const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...clock });
const hour = new Intl.DateTimeFormat(undefined, clock);
const second = new Intl.DateTimeFormat(undefined, { ...clock, second: "2-digit" });

// In the reader's zone: of today the time alone, else the day as well.
function shown(at, short) {
  if (short) return hour.format(at);
  return at.toDateString() === new Date().toDateString() ? second.format(at) : day.format(at);
}

function local(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime()) || !time.dateTime.includes("T")) continue;
    time.textContent = shown(at, "short" in time.dataset);
    time.title = at.toISOString();
  }
}

let last = 0;
let due = null;
let asking = false;

async function refresh() {
  due = null;
  if (asking || document.hidden) return;
  asking = true;
  last = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual" });
    if (answer.type === "opaqueredirect") return location.reload();
    if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The stream says that it is cut off.
  } finally {
    asking = false;
  }
}

function swap(fresh) {
  document.title = fresh.title;
  const icon = fresh.getElementById("icon");
  const own = document.getElementById("icon");
  if (icon && own && own.href !== icon.href) own.href = icon.href;
  local(fresh);
  for (const part of document.querySelectorAll("[data-live][id]")) {
    const other = fresh.getElementById(part.id);
    // A page that is made of other parts by now is loaded anew.
    if (!other) return location.reload();
    if (other.innerHTML === part.innerHTML) continue;
    // Whoever types, or has unfolded something, is not disturbed.
    if (part.contains(document.activeElement) && document.activeElement !== part) continue;
    // And whoever reads a chart.
    if (part.querySelector(".cursor")) continue;
    const open = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
    part.replaceChildren(...document.adoptNode(other).childNodes);
    for (const id of open) part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  }
  charts();
}

function soon() {
  if (due !== null) return;
  due = setTimeout(refresh, Math.max(100, GAP - (performance.now() - last)));
}

function listen() {
  const stream = new EventSource("/api/v1/events");
  const cut = document.getElementById("stream");
  stream.addEventListener("line", soon);
  stream.addEventListener("open", () => { if (cut) cut.hidden = true; });
  stream.addEventListener("error", () => { if (cut) cut.hidden = false; });
  addEventListener("pagehide", () => stream.close());
}

const scheme = document.getElementById("scheme");
const kept = localStorage.getItem("scheme");
if (kept) document.documentElement.dataset.theme = kept;
if (scheme) {
  scheme.hidden = false;
  scheme.addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("scheme", document.documentElement.dataset.theme);
  });
}

// A chart is read under the pointer, and by the arrows: what is drawn there is told in words. It is read from the picture itself, whose
// scale says which times and values its edges are. Without this module each spell and mark has its title.
const digits = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

function places(path) {
  return [...path.getAttribute("d").matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map((at) => [Number(at[1]), Number(at[2])]);
}

function readable(chart) {
  const scale = chart.querySelector(".scale");
  if (!scale || chart.tabIndex === 0) return;
  const [left, right, from, until] = scale.dataset.x.split(" ").map(Number);
  const [bottom, top, low, high] = scale.dataset.y.split(" ").map(Number);
  const value = (y) => low + ((bottom - y) / (bottom - top)) * (high - low);
  const line = [...chart.querySelectorAll(".line")].flatMap(places);
  const band = [...chart.querySelectorAll(".band")].flatMap(places);
  if (line.length === 0) return;
  const long = until - from > 2 * 86400000;

  const figure = chart.closest("figure") ?? chart.parentElement;
  const cursor = document.createElementNS(chart.namespaceURI, "path");
  cursor.setAttribute("class", "cursor");
  let told = figure.querySelector(".readout");
  if (!told) {
    told = document.createElement("p");
    told.className = "readout";
    told.setAttribute("role", "status");
    figure.append(told);
  }
  chart.tabIndex = 0;
  let at = line.length - 1;

  function show(next) {
    at = Math.min(Math.max(next, 0), line.length - 1);
    const [x, y] = line[at];
    const time = new Date(from + ((x - left) / (right - left)) * (until - from));
    const unit = scale.dataset.unit;
    // Both edges of the band stand at this place; the upper one is what the slower answers took.
    const edges = band.filter((place) => Math.abs(place[0] - x) < 0.6).map((place) => value(place[1]));
    const upper = edges.length ? `, up to ${digits.format(Math.max(...edges))}` : "";
    const verdict = [...chart.querySelectorAll(".spell")].find((spell) => {
      const wash = spell.querySelector(".wash");
      const start = Number(wash.getAttribute("x"));
      return x >= start && x <= start + Number(wash.getAttribute("width"));
    });
    const said = verdict ? `, ${verdict.querySelector("title").textContent.split(",")[0]}` : "";
    told.textContent = `${long ? day.format(time) : second.format(time)}: ${digits.format(value(y))}${upper} ${unit}${said}`;
    cursor.setAttribute("d", `M${x} ${top}V${bottom}`);
    if (!cursor.isConnected) chart.append(cursor);
  }

  function hide() {
    cursor.remove();
    told.textContent = "";
  }

  chart.addEventListener("pointermove", (event) => {
    const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse()).x;
    let nearest = 0;
    for (const [each, place] of line.entries()) {
      if (Math.abs(place[0] - x) < Math.abs(line[nearest][0] - x)) nearest = each;
    }
    show(nearest);
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("focus", () => show(line.length - 1));
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: line.length - 1 }[event.key];
    if (next !== undefined) show(next);
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
  });
}

function charts() {
  document.querySelectorAll(".chart").forEach(readable);
}

local(document);
charts();
// What was worked out when somebody asked stays as it is: to ask for it again every second would keep a core busy.
if (document.querySelector("[data-live]") && !document.querySelector("[data-once]")) {
  listen();
  setInterval(soon, REST);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
}
