// A value that tells whoever watches it when it changes, and a hook for components.
import { useEffect, useReducer } from "preact/hooks";

export class Signal<T> {
  private readonly watchers = new Set<() => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set value(next: T) {
    if (Object.is(next, this.current)) return;
    this.current = next;
    for (const watcher of [...this.watchers]) watcher();
  }

  /// Returns what ends the watch.
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

/// The signal's value; the component is drawn again when it changes.
export function useSignal<T>(signal: Signal<T>): T {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const seen = signal.value;
  useEffect(() => {
    // It may have changed between drawing and this effect.
    if (!Object.is(seen, signal.value)) redraw(undefined as never);
    return signal.watch(() => redraw(undefined as never));
  }, [signal]);
  return seen;
}
