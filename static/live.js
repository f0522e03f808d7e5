// One connection of a page to what it shows: a WebSocket, and polling while there is none. Not in charge of showing it.
// The server numbers log lines; `after` is the last number seen, so that nothing is lost or doubled across a reconnect.

const ALIVE = "/livez"; // Asked where there are no lines to ask for.
const POLL_MS = 2000;
const LONGEST_MS = 10000;
const SILENT_MS = 25000; // The server says that it is there every 10 s: a network that lost the connection tells nobody.

class Live {
  constructor(path, pollPath) {
    this.path = path;
    this.pollPath = pollPath;
    this.after = null; // null: this page shows no lines
    this.onLines = () => {};
    this.onChanged = () => {};
    this.onState = () => {};
    this.tries = 0;
    this.ended = false;
    this.poller = null;
    setInterval(() => this.watch(), SILENT_MS / 5);
  }

  // The chips of the page: of its log, and of its head.
  say(kind, word) {
    this.onState(kind, word);
    document.dispatchEvent(new CustomEvent("slipway:link", { detail: word }));
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    const on = (name, act) => socket.addEventListener(name, (event) => this.socket === socket && act(event));
    this.socket = socket;
    this.heardAt = Date.now();
    on("open", () => this.opened(socket));
    on("message", (event) => this.heard(JSON.parse(event.data)));
    on("close", (event) => this.closed(event.code));
  }

  watch() {
    if (!this.socket || Date.now() - this.heardAt < SILENT_MS) return;
    this.socket.close();
    this.closed(1006);
  }

  opened(socket) {
    if (this.after !== null) socket.send(JSON.stringify({ after: this.after }));
    this.onChanged(); // What happened between the page's making and now is told to nobody.
    this.tries = 0;
    this.stopPolling();
    this.say("live", "Live");
  }

  heard(message) {
    this.heardAt = Date.now();
    if (message.lines) this.take(message.lines);
    if (message.changed) this.onChanged();
  }

  take(lines) {
    const fresh = lines.filter((line) => line.seq > this.after);
    if (!fresh.length) return;
    this.after = fresh[fresh.length - 1].seq;
    this.onLines(fresh);
  }

  closed(code) {
    this.socket = null;
    if (code === 4403 || code === 4404) {
      this.ended = true;
      this.stopPolling();
      this.say("away", "No access any more");
      return;
    }
    this.tries += 1;
    const wait = Math.min(LONGEST_MS, 400 * 2 ** Math.min(this.tries, 6)) * (0.5 + Math.random() / 2);
    setTimeout(() => this.connect(), wait);
    if (this.tries < 2) this.say("away", "Reconnecting");
    else this.startPolling();
  }

  startPolling() {
    if (this.poller) return;
    this.poller = setInterval(() => this.poll(), POLL_MS);
    this.poll();
  }

  stopPolling() {
    clearInterval(this.poller);
    this.poller = null;
  }

  async poll() {
    this.onChanged();
    const hasLines = this.pollPath && this.after !== null;
    try {
      const answer = await fetch(hasLines ? `${this.pollPath}?after=${this.after}` : ALIVE, { headers: { Accept: "application/json" } });
      if (!answer.ok || !this.poller) throw new Error(answer.status);
      if (hasLines) this.take((await answer.json()).lines);
      this.say("away", "Polling");
    } catch {
      if (this.poller) this.say("away", "Reconnecting");
    }
  }
}

// A page that has no connection of its own, and something that changes, hears of all that happens to one's teams.
const changing = document.querySelector("[hx-trigger~=changed]") && document.querySelector("[data-live]");
const root = document.querySelector("#main [data-live]") ?? changing;
export const live = root ? new Live(root.dataset.live, root.dataset.poll) : null;
if (live) document.addEventListener("DOMContentLoaded", () => live.connect());
