// What is known of the server, and what of it is shown: they differ while the display is paused.
import { Signal } from "../shared/signal";
import { language } from "../shared/texts";
import {
  kCounterKinds,
  type Connection,
  type CounterKind,
  type Connections,
  type Counter,
  type Counters,
  type EventName,
  type Events,
  type Hello,
  type Packets,
  type Switches,
  type Timers,
} from "./feed";
import { kMostRows, LiveHistory } from "./live_history";
import { fragmentOf, kNowhere, type Place } from "./place";
import { control, Stream, type StreamState } from "./stream";

/// Bytes of data in a second, counted at a time of the server.
export interface Rates {
  sent: number;
  received: number;
  at: number;
}

const kSliceMs = 8;

type KnownCounters = Record<CounterKind, Map<string, Counter>>;

function noCounters(): KnownCounters {
  return { reasons: new Map(), verdicts: new Map(), limits: new Map() };
}

export class Store {
  readonly state = new Signal<StreamState>("connecting");
  readonly hello = new Signal<Hello | null>(null);
  readonly table = new Signal<Connection[]>([]);
  readonly total = new Signal(0);
  readonly rates = new Signal<Rates>({ sent: 0, received: 0, at: 0 });
  /// Which connection is looked at; its id, once the server has named it.
  readonly place = new Signal<Place>(kNowhere);
  readonly watched = new Signal(0);
  readonly live = new Signal<LiveHistory | null>(null);
  /// Grows with all that is new of the connection.
  readonly version = new Signal(0);
  /// The server's number of the selected row, or -1.
  readonly selected = new Signal(-1);
  readonly timers = new Signal<Timers["timers"]>([]);
  readonly counters = new Signal<Record<CounterKind, Counter[]>>({ reasons: [], verdicts: [], limits: [] });
  readonly switches = new Signal<Switches | null>(null);
  readonly refusal = new Signal("");
  readonly gaps = new Signal(0);
  readonly showsOwn = new Signal(false);
  readonly isPaused = new Signal(false);
  private latestTimers: Timers["timers"] = [];
  /// Packets that came while the display is paused.
  readonly waiting = new Signal(0);
  readonly stream: Stream;

  private readonly connections = new Map<number, Connection>();
  private knownCounters = noCounters();
  private queue: Packets[] = [];
  private clock = { now: 0, at: 0 };
  private pausedAt = 0;
  private counted = { now: 0, sent: 0, received: 0 };
  private isStale = true;
  /// What was told and not yet taken.
  private inbox: (() => void)[] = [];

  constructor(private readonly address: string) {
    this.stream = new Stream(address, {
      onEvent: (name, event) => this.receive(() => this.take(name, event)),
      onState: (state) => (this.state.value = state),
    });
    language.watch(() => this.ask());
  }

  /// Watches a connection, or goes to a row of the one that is watched.
  goTo(place: Place): void {
    const before = this.place.value;
    const isSame = place.isLast === before.isLast && place.connection === before.connection;
    this.place.value = place;
    this.selected.value = place.row;
    this.showAddress();
    if (isSame && this.hello.value) return;
    this.pause(false);
    this.forgetPackets();
    this.ask();
  }

  select(row: number): void {
    this.selected.value = row;
    const { isLast, connection } = this.place.value;
    // A row belongs to a connection by its number: "the last" is another one tomorrow.
    const named = isLast && row >= 0 ? this.watched.value : connection;
    if (named !== connection) this.place.value = { connection: named, row, isLast: false };
    else this.place.value = { connection, row, isLast };
    this.showAddress();
  }

  setOwn(shows: boolean): void {
    this.showsOwn.value = shows;
    this.ask();
  }

  pause(isPaused: boolean): void {
    this.pausedAt = isPaused ? this.clockNow() : 0;
    this.isPaused.value = isPaused;
    if (isPaused) return;
    this.timers.value = this.latestTimers;
    for (const packets of this.queue) this.addPackets(packets);
    this.queue = [];
    this.waiting.value = 0;
    this.showTable();
    this.showCounters();
  }

  /// ns since the server started, as far as known; it stands while the display is paused.
  serverNow(): number {
    return this.isPaused.value ? this.pausedAt : this.clockNow();
  }

  /// ms since 1970 of a time of the server.
  wallOf(time: number): number {
    const hello = this.hello.value;
    return hello ? hello.wall + (time - hello.now) / 1e6 : 0;
  }

  async turn(order: object): Promise<void> {
    const told = await control(this.address, order, language.value);
    this.refusal.value = typeof told === "string" ? told : "";
    if (typeof told !== "string") this.switches.value = told;
  }

  connectionOf(id: number): Connection | null {
    return this.connections.get(id) ?? null;
  }

  private clockNow(): number {
    return this.clock.now + (performance.now() - this.clock.at) * 1e6;
  }

  private showAddress(): void {
    const fragment = fragmentOf(this.place.value);
    if (location.hash !== fragment) history.replaceState(null, "", fragment || location.pathname);
  }

  private ask(): void {
    const { connection, isLast } = this.place.value;
    const query = new URLSearchParams({ lang: language.value });
    if (isLast || connection > 0) query.set("c", isLast ? "last" : String(connection));
    if (this.showsOwn.value) query.set("own", "1");
    this.inbox = [];
    this.stream.open(query.toString());
  }

  /// Many events may come at once: they are drawn together, but not so many that the page would stand
  /// still.
  private receive(taker: () => void): void {
    if (this.inbox.push(taker) === 1) setTimeout(() => this.takeSome(), 0);
  }

  private takeSome(): void {
    const end = performance.now() + kSliceMs;
    while (this.inbox.length > 0 && performance.now() < end) this.inbox.shift()!();
    if (this.inbox.length > 0) setTimeout(() => this.takeSome(), 0);
  }

  private forgetPackets(): void {
    this.live.value = null;
    this.watched.value = 0;
    this.timers.value = this.latestTimers = [];
    this.queue = [];
    this.waiting.value = 0;
    this.version.value += 1;
  }

  private take<Name extends EventName>(name: Name, event: Events[Name]): void {
    if ("now" in event) this.clock = { now: event.now, at: performance.now() };
    const takers: { [Key in EventName]: (event: Events[Key]) => void } = {
      hello: (hello) => this.takeHello(hello),
      switches: (switches) => (this.switches.value = switches),
      connections: (told) => this.takeConnections(told),
      packets: (packets) => this.takePackets(packets),
      timers: ({ id, timers }) => id === this.watched.value && this.takeTimers(timers),
      counters: (counters) => this.takeCounters(counters),
      gap: ({ lost }) => (this.gaps.value += lost),
      beat: () => undefined,
      bye: () => undefined,
    };
    takers[name](event);
  }

  // While the display is paused the timers stand as they did then, as its clock does.
  private takeTimers(timers: Timers["timers"]): void {
    this.latestTimers = timers;
    if (!this.isPaused.value) this.timers.value = timers;
  }

  // All will be told again. What is on the screen stays there until it is.
  private takeHello(hello: Hello): void {
    this.hello.value = hello;
    this.watched.value = hello.watched;
    this.connections.clear();
    this.counted = { now: 0, sent: 0, received: 0 };
    this.knownCounters = noCounters();
    this.gaps.value = 0;
    this.timers.value = this.latestTimers = [];
    this.queue = [];
    this.waiting.value = 0;
    this.isStale = true;
    if (hello.watched === 0) this.live.value = null;
    else if (this.live.value?.id !== hello.watched) {
      this.live.value = new LiveHistory(hello.watched);
      this.version.value += 1;
    }
  }

  private takeConnections({ now, total, shown, gone }: Connections): void {
    let [sent, received] = [0, 0];
    const isFirst = this.counted.now === 0;
    for (const row of shown) {
      const before = this.connections.get(row.id);
      // What a row had when it came is not of this moment.
      if (before) {
        sent += Math.max(row.sent - before.sent, 0);
        received += Math.max(row.received - before.received, 0);
      }
      this.connections.set(row.id, row);
    }
    for (const id of gone) this.connections.delete(id);
    this.count(now, sent, received, isFirst);
    this.total.value = total;
    if (!this.isPaused.value) this.showTable();
  }

  /// Bytes in a second, over the last second or so.
  private count(now: number, sent: number, received: number, isFirst: boolean): void {
    const { counted } = this;
    if (isFirst) {
      this.counted = { now, sent: 0, received: 0 };
      return;
    }
    counted.sent += sent;
    counted.received += received;
    const seconds = (now - counted.now) / 1e9;
    if (seconds < 0.9) return;
    if (!this.isPaused.value) {
      this.rates.value = { sent: counted.sent / seconds, received: counted.received / seconds, at: now };
    }
    this.counted = { now, sent: 0, received: 0 };
  }

  private showTable(): void {
    this.table.value = [...this.connections.values()];
  }

  private takePackets(packets: Packets): void {
    if (packets.id !== this.watched.value) return;
    if (!this.isPaused.value) {
      this.addPackets(packets);
      return;
    }
    this.queue.push(packets);
    let rows = this.queue.reduce((sum, one) => sum + one.rows.length, 0);
    // More than would be kept need not wait.
    while (this.queue.length > 1 && rows - this.queue[0]!.rows.length > kMostRows) {
      const dropped = this.queue.shift()!.rows.length;
      rows -= dropped;
      this.queue[0]!.lost = (this.queue[0]!.lost ?? 0) + dropped;
    }
    this.waiting.value = rows;
  }

  private addPackets(packets: Packets): void {
    if (this.isStale || this.live.value?.id !== packets.id) {
      this.live.value = new LiveHistory(packets.id, this.connections.get(packets.id)?.opened ?? 0);
      this.isStale = false;
    }
    this.live.value!.add(packets);
    this.version.value += 1;
  }

  private takeCounters(told: Counters): void {
    for (const kind of kCounterKinds) {
      for (const counter of told[kind] ?? []) this.knownCounters[kind].set(counter[0], counter);
    }
    if (!this.isPaused.value) this.showCounters();
  }

  private showCounters(): void {
    const all = (kind: CounterKind) =>
      [...this.knownCounters[kind].values()].sort((a, b) => b[2] - a[2] || a[0].localeCompare(b[0]));
    this.counters.value = { reasons: all("reasons"), verdicts: all("verdicts"), limits: all("limits") };
  }
}
