// Play, pause, one event, speed, and the slider that goes back and forth.
import { timeText } from "../shared/format";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { useTexts } from "../shared/texts";
import type { Store } from "./store";

const kSpeeds = [0.25, 0.5, 1, 2, 4];

export function Transport({ store }: { store: Store }) {
  const t = useTexts();
  const run = useSignal(store.run);
  useSignal(store.version);
  const position = useSignal(store.position);
  const isPlaying = useSignal(store.isPlaying);
  const speed = useSignal(store.speed);
  const { history } = run;
  const total = history.moments.length;
  const atEnd = history.isOver && position.index >= total;
  const stop = () => (store.isPlaying.value = false);
  return (
    <div class="transport pane" role="group" aria-label={t("position")}>
      <div class="buttons">
        <button
          type="button"
          class="quiet"
          aria-label={t("toStart")}
          title={t("toStart")}
          onClick={() => (stop(), store.goToIndex(0))}
          disabled={position.index === 0}
        >
          <Icon name="start" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={t("stepBack")}
          title={t("stepBack")}
          onClick={() => (stop(), store.goToIndex(history.previous(position.index)))}
          disabled={position.index === 0}
        >
          <Icon name="back" />
        </button>
        <button
          type="button"
          class="primary"
          aria-label={t(isPlaying ? "pause" : "play")}
          onClick={() => (store.isPlaying.value = !isPlaying)}
          disabled={total === 0}
        >
          <Icon name={isPlaying ? "pause" : "play"} />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={t("step")}
          title={t("step")}
          onClick={() => (stop(), store.goToIndex(history.next(position.index)))}
          disabled={atEnd}
        >
          <Icon name="step" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label={t("toEnd")}
          title={t("toEnd")}
          onClick={() => (stop(), store.goToIndex(total))}
          disabled={atEnd}
        >
          <Icon name="end" />
        </button>
      </div>
      <input
        class="scrub"
        type="range"
        min={0}
        max={Math.max(total, 1)}
        value={position.index}
        style={{ "--done": `${(100 * position.index) / Math.max(total, 1)}%` }}
        aria-label={t("position")}
        aria-valuetext={`${t("event")} ${position.index} ${t("of")} ${total}, ${timeText(position.time)}`}
        onInput={(event) => (stop(), store.goToIndex(Number(event.currentTarget.value)))}
      />
      <output class="clock">
        <b>{timeText(position.time)}</b>
        <span>
          {position.index}/{total}
        </span>
      </output>
      <label class="speed">
        <span aria-hidden="true">{t("speed")}</span>
        <select
          aria-label={t("speed")}
          value={speed}
          onChange={(event) => (store.speed.value = Number(event.currentTarget.value))}
        >
          {kSpeeds.map((one) => (
            <option key={one} value={one}>
              {one}×
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
