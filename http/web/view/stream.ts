// The stream of events: opened, opened again when it breaks, and closed while nobody sees the page.
// The one place from which the page asks the server for anything.
import type { Language } from "../shared/types";
import { kEventNames, type EventName, type Events, type Switches } from "./feed";

/// idle: hidden; connecting: nothing came yet; live; gone: it broke and is tried again; refused: the
/// server answers, but with no stream.
export type StreamState = "idle" | "connecting" | "live" | "gone" | "refused";

export interface Listener {
  onEvent: <Name extends EventName>(name: Name, event: Events[Name]) => void;
  onState: (state: StreamState) => void;
}

type Timer = ReturnType<typeof setTimeout>;

const kRetryMs = 3_000;
/// The server says something every 15 s.
const kMostSilenceMs = 40_000;

export class Stream {
  private source: EventSource | null = null;
  private query = "";
  private retry: Timer | undefined;
  private silence: Timer | undefined;
  private hasBeat = false;

  constructor(
    private readonly address: string,
    private readonly listener: Listener,
  ) {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.close();
      else this.open(this.query);
    });
    // A page that the browser keeps for "back" must not hold its stream.
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.open(this.query));
  }

  /// Begins anew; all that was told will be told again.
  open(query: string): void {
    this.query = query;
    this.stop();
    if (document.hidden) return;
    this.listener.onState("connecting");
    this.connect();
  }

  close(): void {
    this.stop();
    this.listener.onState("idle");
  }

  private connect(): void {
    const source = new EventSource(`${this.address}events${this.query ? `?${this.query}` : ""}`);
    this.source = source;
    for (const name of kEventNames) {
      source.addEventListener(name, (message) => {
        if (this.source === source) this.take(name, String((message as MessageEvent).data));
      });
    }
    source.onerror = () => {
      if (this.source !== source) return;
      clearTimeout(this.silence);
      // The browser tries again by itself, except after an answer that is no stream.
      const isRefused = source.readyState === EventSource.CLOSED;
      this.listener.onState(isRefused ? "refused" : "gone");
      if (isRefused) this.again();
    };
  }

  private take(name: EventName, data: string): void {
    let event: Events[EventName];
    try {
      event = JSON.parse(data) as Events[EventName];
    } catch {
      return;
    }
    if (name === "hello") this.listener.onState("live");
    if (name === "beat") this.hasBeat = true;
    this.listener.onEvent(name, event);
    if (name === "bye") {
      this.listener.onState("gone");
      this.again();
    } else this.listen();
  }

  private listen(): void {
    clearTimeout(this.silence);
    if (!this.hasBeat) return;
    this.silence = setTimeout(() => {
      this.listener.onState("gone");
      this.again();
    }, kMostSilenceMs);
  }

  /// Without telling that it begins: until something comes the server stays gone.
  private again(): void {
    this.stop();
    this.retry = setTimeout(() => this.connect(), kRetryMs);
  }

  private stop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }
}

/// Turns a switch. Returns how all of them stand then, or why not, in the language.
export async function control(address: string, order: object, spoken: Language): Promise<Switches | string> {
  try {
    const answer = await fetch(`${address}control?lang=${spoken}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(order),
    });
    // Whatever else answers there (a proxy, an error page) has no JSON, but a status.
    const told = (await answer.json().catch(() => ({}))) as { switches?: Switches; error?: string };
    return told.switches ?? told.error ?? `${answer.status} ${answer.statusText}`;
  } catch (error) {
    return String(error);
  }
}
