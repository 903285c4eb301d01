// Copies of the engine's memory during a run, to go on from: only pages that differ from the first
// copy, and every second copy is dropped where they take too much.

const kPage = 4096;
const kWords = kPage / 4;

/// How far a run has come.
export interface Reached {
  moments: number;
  rows: number;
  /// What is done to single packets, as lines of a scenario.
  edits: readonly string[];
}

interface Checkpoint extends Reached {
  /// Numbers of pages, and their content in that order.
  pages: Int32Array;
  content: Uint8Array;
}

export class Checkpoints {
  private base: Uint8Array | null = null;
  private kept: Checkpoint[] = [];

  constructor(private readonly most: number = 64 << 20) {}

  /// Bytes that they take.
  get size(): number {
    return this.kept.reduce((sum, { content }) => sum + content.length, this.base?.length ?? 0);
  }

  get count(): number {
    return this.kept.length;
  }

  add(memory: ArrayBuffer, at: Reached): void {
    this.base ??= new Uint8Array(memory).slice();
    const pages = changedPages(new Int32Array(memory), new Int32Array(this.base.buffer));
    const content = new Uint8Array(pages.length * kPage);
    pages.forEach((page, i) => content.set(new Uint8Array(memory, page * kPage, kPage), i * kPage));
    this.kept.push({ moments: at.moments, rows: at.rows, edits: at.edits, pages: Int32Array.from(pages), content });
    while (this.size > this.most && this.kept.length > 1) {
      const before = this.kept.length;
      // The first one, of the start, stays.
      this.kept = this.kept.filter((_, i) => i === 0 || i % 2 === 0);
      if (this.kept.length === before) this.kept.pop();
    }
  }

  /// Puts the memory back to the last copy with at most so many moments; null: there is none. Memory
  /// that was added since keeps its size: the engine's allocator never looks beyond what it asked for.
  restore(memory: ArrayBuffer, moments: number): Reached | null {
    const one = this.kept.filter((kept) => kept.moments <= moments).at(-1);
    if (!one || !this.base) return null;
    const bytes = new Uint8Array(memory);
    bytes.set(this.base);
    bytes.fill(0, this.base.length);
    one.pages.forEach((page, i) => bytes.set(one.content.subarray(i * kPage, (i + 1) * kPage), page * kPage));
    this.kept = this.kept.filter((kept) => kept.moments <= one.moments);
    return { moments: one.moments, rows: one.rows, edits: one.edits };
  }
}

function changedPages(now: Int32Array, base: Int32Array): number[] {
  const pages: number[] = [];
  for (let page = 0; page * kWords < now.length; ++page) {
    const end = (page + 1) * kWords;
    for (let i = page * kWords; i < end; ++i) {
      // Beyond the first copy all was zero.
      if (now[i] !== (i < base.length ? base[i] : 0)) {
        pages.push(page);
        break;
      }
    }
  }
  return pages;
}
