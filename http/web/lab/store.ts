// What is run and shown: one run, or two beside each other, and the position in them.
import { History, type Position } from "../shared/history";
import { usualWay } from "../shared/ladder_layout";
import { Signal } from "../shared/signal";
import { catalogue } from "../shared/tables";
import { language, textIn } from "../shared/texts";
import type { News } from "./engine/host";
import { Port } from "./engine/port";
import { fragmentOf, placeOf } from "./link";
import type { ReadError, ScenarioInfo, Side, Spec } from "../shared/types";

/// A run: what it is made of, and what is known of it.
export class Run {
  history = new History();
  scenario: ScenarioInfo | null = null;
  error: ReadError | null = null;
  /// Whose beginning it shares, until it is known how much of it.
  forkedFrom: History | null = null;

  constructor(
    readonly number: number,
    readonly spec: Spec,
  ) {}
}

export const kOwnName = "own";

export class Store {
  readonly run = new Signal<Run>(new Run(0, specOf(catalogue.scenarios[0]!.name)));
  /// The run before it was changed, while both are compared.
  readonly base = new Signal<Run | null>(null);
  readonly isComparing = new Signal(false);
  /// Grows with every piece of news of a run.
  readonly version = new Signal(0);
  readonly position = new Signal<Position>({ index: 0, time: 0 });
  readonly selected = new Signal(-1);
  readonly connection = new Signal(1);
  /// Whose view the graphs show, once somebody has chosen.
  readonly graphSide = new Signal<Side | null>(null);
  readonly isPlaying = new Signal(false);
  readonly speed = new Signal(1);
  readonly failure = new Signal("");
  readonly isPredicting = new Signal(false);
  /// The row that is asked for in predict mode, or -1; and what was answered.
  readonly asked = new Signal(-1);
  readonly answer = new Signal<{ side: Side; label: string } | null>(null);
  private readonly answered = new Set<number>();
  private readonly port: Port;
  private runs = 0;
  private readonly captures = new Map<number, (bytes: Uint8Array | null) => void>();
  private readonly running: Run[] = [];
  private toldAt = 0;
  /// Where to go when the run that was just begun has come so far.
  readonly wanted = new Signal<Position | null>(null);

  constructor(module: string) {
    this.port = new Port(module, (news) => this.take(news));
    language.watch(() => this.again());
  }

  begin(spec: Spec, keep = false, moment = -1): void {
    this.isPlaying.value = false;
    this.base.value = keep ? this.base.value : null;
    if (!keep) this.isComparing.value = false;
    this.selected.value = -1;
    this.wanted.value = null;
    this.asked.value = -1;
    this.answered.clear();
    this.position.value = { index: 0, time: 0 };
    this.connection.value = 1;
    this.launch(spec, moment);
    const fragment = `#${fragmentOf(spec, spec.name === kOwnName)}`;
    if (location.hash !== fragment) history.replaceState(null, "", fragment);
  }

  /// The same run with something changed, from its start; what was seen stays in view.
  /// `moment`: up to there it is the same run, and goes on from a checkpoint.
  change(spec: Spec, moment = -1): void {
    const here = this.position.value;
    const selected = this.selected.value;
    if (this.run.value.history.isOver) this.base.value = this.base.value ?? this.run.value;
    this.begin(spec, true, moment);
    if (spec.edits.length === 0 && spec.settings.length === 0) {
      this.base.value = null;
      this.isComparing.value = false;
    }
    this.wanted.value = here;
    this.selected.value = selected;
  }

  /// Loses, delays or duplicates a packet; the position goes back to where it left.
  interfere(what: "lose" | "delay" | "duplicate", row: number, byMs: number): void {
    const { history, spec } = this.run.value;
    const nth = history.ordinal(row);
    if (nth === 0) return;
    const side = history.rows[row]!.side === 0 ? "client" : "server";
    const which = `${side} packet ${nth}`;
    const line =
      `${what} ${which}` + (what === "lose" ? "" : ` ${what === "delay" ? "by" : "after"} ${byMs}ms`);
    const edits = spec.edits.filter((edit) => edit.split(" ").slice(1, 4).join(" ") !== which);
    const moment = history.left[row]!;
    this.position.value = { index: moment + 1, time: history.rows[row]!.at };
    const isNew = edits.length === spec.edits.length;
    this.change({ ...spec, edits: [...edits, line] }, isNew && history.isOver ? moment : -1);
  }

  /// Selects a row, or none if it is the one. Who takes hold of a packet in flight wants to do
  /// something to it before it is there.
  choose(row: number): void {
    const { history } = this.run.value;
    const { index } = this.position.value;
    const isInFlight = history.left[row]! < index && !(history.came[row]! >= 0 && history.came[row]! < index);
    if (isInFlight) this.isPlaying.value = false;
    this.selected.value = row === this.selected.value ? -1 : row;
  }

  undo(edit: string): void {
    const { spec } = this.run.value;
    this.change({ ...spec, edits: spec.edits.filter((one) => one !== edit) });
  }

  set(key: string, value: string | null): void {
    const { spec } = this.run.value;
    const settings = spec.settings.filter(([name]) => name !== key);
    if (value !== null) settings.push([key, value]);
    this.change({ ...spec, settings });
  }

  openFragment(fragment: string): void {
    const place = placeOf(fragment);
    const known = place && catalogue.scenarios.some(({ name }) => name === place.name);
    if (place && (known || place.text !== null)) {
      const text = place.text ?? specOf(place.name).text;
      this.begin({
        name: known && place.text === null ? place.name : kOwnName,
        text,
        seed: place.seed,
        settings: place.settings,
        edits: place.edits,
      });
    } else {
      this.begin(specOf(catalogue.scenarios[0]!.name));
    }
  }

  capture(side: Side): Promise<Uint8Array | null> {
    const id = ++this.runs;
    const { spec } = this.run.value;
    return new Promise((resolve) => {
      this.captures.set(id, resolve);
      this.port.send({ kind: "capture", id, spec, language: language.value, side });
    });
  }

  goTo(position: Position): void {
    const { history } = this.run.value;
    const index = Math.min(Math.max(position.index, 0), history.moments.length);
    const question = this.isPredicting.value ? this.questionBefore(index) : -1;
    if (question < 0) {
      this.asked.value = -1;
      this.position.value = { index, time: position.time };
      return;
    }
    this.isPlaying.value = false;
    this.answer.value = null;
    this.position.value = { index: question, time: history.moments[question]![4] };
    this.asked.value = history.moments[question]![1];
  }

  /// The answer was read: the packet leaves.
  goOn(): void {
    this.answered.add(this.asked.value);
    this.asked.value = -1;
    this.goToIndex(this.position.value.index + 1);
  }

  predict(on: boolean): void {
    this.isPredicting.value = on;
    this.asked.value = -1;
    this.answered.clear();
    if (on) this.goToIndex(0);
  }

  // The first moment from here to `index` in which something leaves that has not been asked for.
  private questionBefore(index: number): number {
    const { history } = this.run.value;
    for (let i = this.position.value.index; i < index; ++i) {
      const [kind, row] = history.moments[i]!;
      if (kind === "sent" && !history.rows[row]!.plain && !this.answered.has(row)) return i;
    }
    return -1;
  }

  goToIndex(index: number): void {
    const { history } = this.run.value;
    const bounded = Math.min(Math.max(index, 0), history.moments.length);
    this.goTo({ index: bounded, time: history.timeOf(bounded) });
  }

  goToTime(time: number): void {
    this.goTo({ index: this.run.value.history.indexAt(time), time });
  }

  private launch(spec: Spec, moment = -1): void {
    const before = this.run.value;
    const run = new Run(++this.runs, spec);
    if (moment >= 0) {
      run.scenario = before.scenario;
      run.forkedFrom = before.history;
    }
    this.running.length = 0;
    this.running.push(run);
    this.run.value = run;
    if (moment >= 0) this.port.send({ kind: "fork", run: run.number, moment, edits: spec.edits });
    else this.port.send({ kind: "open", run: run.number, spec, language: language.value });
  }

  // In the other language, at the same place.
  private again(): void {
    const here = this.position.value;
    const selected = this.selected.value;
    this.base.value = null;
    this.isComparing.value = false;
    this.launch(this.run.value.spec);
    this.wanted.value = here;
    this.position.value = { index: 0, time: 0 };
    this.selected.value = selected;
  }

  private take(news: News): void {
    if (news.kind === "failed") this.failure.value = news.message;
    if (news.kind === "capture") {
      this.captures.get(news.id)?.(news.bytes);
      this.captures.delete(news.id);
    }
    if (!("run" in news)) return;
    const run = this.running.find((one) => one.number === news.run);
    if (!run) return;
    if (news.kind === "opened") run.scenario = news.scenario;
    if (news.kind === "forked" && run.forkedFrom) {
      run.history = run.forkedFrom.until(news.moments, news.rows);
      run.forkedFrom = null;
    }
    if (news.kind === "wrong") run.error = news.error;
    if (news.kind === "batch") {
      run.history.add(news.batch);
      this.reach(run);
    }
    this.tell(run);
  }

  // While a long run grows, not every piece of news is drawn.
  private tell(run: Run): void {
    const now = performance.now();
    const isPart = run.history.moments.length > 0 && !run.history.isOver;
    if (isPart && now - this.toldAt < 150) return;
    this.toldAt = now;
    this.version.value += 1;
  }

  private reach(run: Run): void {
    const wanted = this.wanted.value;
    if (!wanted || (run.history.moments.length < wanted.index && !run.history.isOver)) return;
    this.wanted.value = null;
    this.goTo(wanted);
    if (this.selected.value >= run.history.rows.length) this.selected.value = -1;
  }
}

/// The seed that is taken if none is named is the command line's.
export function specOf(name: string, seed = 0): Spec {
  const entry = catalogue.scenarios.find((one) => one.name === name) ?? catalogue.scenarios[0]!;
  return { name: entry.name, text: entry.text, seed, settings: [], edits: [] };
}

/// ns of the run in a second of watching, at speed 1: a packet takes 1.1 s.
export function paceOf(history: History): number {
  return usualWay(history) / 1.1;
}

/// An edit in words.
export function editText(edit: string): string {
  const [what, side, , n, , by] = edit.split(" ");
  const spoken = language.value;
  const key = what === "lose" ? "editLose" : what === "delay" ? "editDelay" : "editDuplicate";
  const end = textIn(spoken, side === "client" ? "client" : "server");
  return textIn(spoken, key, { n: n ?? "", side: end, by: by?.replace("ms", " ms") ?? "" });
}
