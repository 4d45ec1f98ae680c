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
    const open = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
    part.replaceChildren(...document.adoptNode(other).childNodes);
    for (const id of open) part.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  }
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

local(document);
if (document.querySelector("[data-live]")) {
  listen();
  setInterval(soon, REST);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
}
