// What runs beside the page: an engine that takes orders and tells of runs, some steps at a time.
import { unzlibSync } from "fflate";
import { Checkpoints, type Reached } from "./checkpoints";
import { Engine } from "./wasm";
import type { Batch, Language, ReadError, ScenarioInfo, Side, Spec } from "../../shared/types";

export type Order =
  | { kind: "start"; module: string }
  | { kind: "open"; run: number; spec: Spec; language: Language }
  /// Goes on with the run that is open from before a moment; all edits of the new run.
  | { kind: "fork"; run: number; moment: number; edits: string[] }
  | { kind: "capture"; id: number; spec: Spec; language: Language; side: Side };

export type News =
  | { kind: "opened"; run: number; scenario: ScenarioInfo }
  | { kind: "forked"; run: number; moments: number; rows: number }
  | { kind: "wrong"; run: number; error: ReadError }
  | { kind: "batch"; run: number; batch: Batch }
  | { kind: "capture"; id: number; bytes: Uint8Array | null }
  | { kind: "failed"; message: string };

/// Steps between two looks at what else was ordered: some milliseconds.
const kSlice = 250;
/// Slices between two checkpoints.
const kSlicesKept = 2;

interface Open extends Reached {
  run: number;
  engine: Engine;
  checkpoints: Checkpoints;
}

export class Host {
  private module: WebAssembly.Module | null = null;
  private waiting: Order[] = [];
  private current: Open | null = null;

  constructor(private readonly tell: (news: News) => void) {}

  async take(order: Order): Promise<void> {
    try {
      if (order.kind === "start") {
        this.module = await WebAssembly.compile(unzlibSync(bytesOf(order.module)) as Uint8Array<ArrayBuffer>);
        for (const one of this.waiting.splice(0)) await this.take(one);
      } else if (!this.module) {
        this.waiting.push(order);
      } else if (order.kind === "open") {
        await this.open(order, this.module);
      } else if (order.kind === "fork") {
        await this.fork(order);
      } else {
        const engine = await Engine.create(this.module);
        this.tell({ kind: "capture", id: order.id, bytes: engine.capture(order.spec, order.language, order.side) });
      }
    } catch (error) {
      this.tell({ kind: "failed", message: String(error) });
    }
  }

  private async open(order: Order & { kind: "open" }, module: WebAssembly.Module): Promise<void> {
    const { run } = order;
    const engine = await Engine.create(module);
    const { edits } = order.spec;
    const mine: Open = { run, engine, checkpoints: new Checkpoints(), moments: 0, rows: 0, edits };
    this.current = mine;
    const opened = mine.engine.open(order.spec, order.language);
    if ("error" in opened) return this.tell({ kind: "wrong", run, error: opened.error });
    this.tell({ kind: "opened", run, scenario: opened.scenario });
    await this.goOn(mine);
  }

  private async fork(order: Order & { kind: "fork" }): Promise<void> {
    if (!this.current) return;
    const { engine, checkpoints } = this.current;
    const at = checkpoints.restore(engine.memory, order.moment);
    if (!at) return;
    for (const edit of order.edits) if (!at.edits.includes(edit)) engine.edit(edit);
    const mine: Open = { ...at, run: order.run, engine, checkpoints, edits: order.edits };
    this.current = mine;
    this.tell({ kind: "forked", run: order.run, moments: at.moments, rows: at.rows });
    await this.goOn(mine);
  }

  private async goOn(mine: Open): Promise<void> {
    for (let slice = 0; ; ++slice) {
      if (slice % kSlicesKept === 0) mine.checkpoints.add(mine.engine.memory, mine);
      const batch = mine.engine.run(kSlice);
      mine.moments += batch.moments.length;
      for (const { i } of batch.rows) mine.rows = Math.max(mine.rows, i + 1);
      this.tell({ kind: "batch", run: mine.run, batch });
      if (batch.ending >= 0) return;
      await new Promise((resolve) => setTimeout(resolve));
      if (this.current !== mine) return;
    }
  }
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
