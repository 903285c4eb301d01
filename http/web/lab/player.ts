// Lets time pass while a run is played: as fast as the speed says, and quickly where nothing is on
// its way.
import { paceOf, type Store } from "./store";

/// Seconds that a pause in which nothing moves takes at most.
const kLongestPause = 0.9;

export function startPlayer(store: Store): void {
  let last = 0;
  let pausedIndex = -1;
  let pauseRate = 0;

  const frame = (at: number) => {
    if (!store.isPlaying.value) return;
    const passed = Math.min((at - last) / 1000, 0.1) * store.speed.value;
    last = at;
    const { history } = store.run.value;
    const { index, time } = store.position.value;
    const next = history.moments[index]?.[4];
    if (next === undefined) {
      if (history.isOver) store.isPlaying.value = false;
      else requestAnimationFrame(frame);
      return;
    }
    let rate = paceOf(history);
    if (!isMoving(store) && next - time > rate * kLongestPause) {
      // One rate for the whole pause, so that it does not slow down towards its end.
      if (pausedIndex !== index) pauseRate = (next - time) / kLongestPause;
      pausedIndex = index;
      rate = Math.max(rate, pauseRate);
    }
    const until = time + rate * passed;
    const reached = history.indexAt(Math.min(until, history.length));
    store.goTo({ index: Math.max(reached, index), time: Math.min(until, history.length) });
    requestAnimationFrame(frame);
  };

  store.isPlaying.watch(() => {
    if (!store.isPlaying.value) return;
    const { history } = store.run.value;
    if (history.isOver && store.position.value.index >= history.moments.length) store.goToIndex(0);
    last = performance.now();
    pausedIndex = -1;
    requestAnimationFrame(frame);
  });
}

function isMoving(store: Store): boolean {
  const { history } = store.run.value;
  const { index, time } = store.position.value;
  for (let i = index - 1, looked = 0; i >= 0 && looked < 200; --i, ++looked) {
    const [kind, row] = history.moments[i]!;
    if (kind !== "sent") continue;
    const one = history.rows[row]!;
    if (one.arrived > time) return true;
  }
  return false;
}
