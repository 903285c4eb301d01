// The engine's WebAssembly module, with what it asks of a system: nothing but an end of its output.
import type { Batch, Catalogue, Language, ReadError, ScenarioInfo, Side, Spec, Tables } from "../../shared/types";

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  engine_new(): number;
  engine_input(engine: number, size: number): number;
  engine_output(engine: number): number;
  engine_output_size(engine: number): number;
  engine_catalogue(engine: number): void;
  engine_tables(engine: number): void;
  engine_open(engine: number): number;
  engine_run(engine: number, steps: number): number;
  engine_edit(engine: number, side: number, kind: number, nth: number, byMicroseconds: number): void;
  engine_capture(engine: number, side: number): number;
}

export type Opened = { scenario: ScenarioInfo } | { error: ReadError };

export class Engine {
  private readonly decoder = new TextDecoder();
  private readonly engine: number;

  private constructor(private readonly exports: Exports) {
    exports._initialize();
    this.engine = exports.engine_new();
  }

  static async create(module: WebAssembly.Module): Promise<Engine> {
    const imports: Record<string, Record<string, () => number>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      // EBADF: there are no files; nor an environment, whose size then stays zero.
      (imports[from] ??= {})[name] = () => (name.startsWith("environ") ? 0 : 8);
    }
    const instance = await WebAssembly.instantiate(module, imports);
    return new Engine(instance.exports as unknown as Exports);
  }

  catalogue(): Catalogue {
    this.exports.engine_catalogue(this.engine);
    return JSON.parse(this.output()) as Catalogue;
  }

  tables(): Tables {
    this.exports.engine_tables(this.engine);
    return JSON.parse(this.output()) as Tables;
  }

  open(spec: Spec, language: Language): Opened {
    this.request(spec, language);
    this.exports.engine_open(this.engine);
    return JSON.parse(this.output()) as Opened;
  }

  /// Lets so many steps happen.
  run(steps: number): Batch {
    this.exports.engine_run(this.engine, steps);
    return JSON.parse(this.output()) as Batch;
  }

  /// Does to a packet that has not left yet what a line of a scenario says, "lose client packet 3".
  edit(line: string): void {
    const [what, side, , nth, , by] = line.split(" ");
    const unit = by?.endsWith("us") ? 1 : by?.endsWith("ms") ? 1000 : 1_000_000;
    const microseconds = Math.round(parseFloat(by ?? "0") * unit);
    const kind = ["lose", "delay", "duplicate"].indexOf(what!);
    this.exports.engine_edit(this.engine, side === "client" ? 0 : 1, kind, Number(nth), microseconds);
  }

  /// All that the engine knows.
  get memory(): ArrayBuffer {
    return this.exports.memory.buffer;
  }

  /// The whole run's capture, seen by one end; null: the scenario is wrong.
  capture(spec: Spec, language: Language, side: Side): Uint8Array | null {
    this.request(spec, language);
    if (!this.exports.engine_capture(this.engine, side)) return null;
    return this.outputBytes().slice();
  }

  private request(spec: Spec, language: Language): void {
    const edits = spec.edits.flatMap((line) => ["--edit", line]);
    const parts = [spec.name, String(spec.seed), language, spec.text, ...spec.settings.flat(), ...edits];
    const bytes = new TextEncoder().encode(parts.map((part) => part.replaceAll("\0", "") + "\0").join(""));
    const at = this.exports.engine_input(this.engine, bytes.length);
    new Uint8Array(this.exports.memory.buffer, at, bytes.length).set(bytes);
  }

  private outputBytes(): Uint8Array {
    const at = this.exports.engine_output(this.engine);
    return new Uint8Array(this.exports.memory.buffer, at, this.exports.engine_output_size(this.engine));
  }

  private output(): string {
    return this.decoder.decode(this.outputBytes());
  }
}
