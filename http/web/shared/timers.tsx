// The timers of both ends that run at a position, each by its name, counting down.
import { timeText } from "./format";
import type { History, Position, RunningTimer } from "./history";
import { useSignal } from "./signal";
import { tables } from "./tables";
import { language, useTexts } from "./texts";
import type { Side } from "./types";

/// What the RFCs call them, by the name that the stack has for each.
const kNames: Record<string, [string, string]> = {
  Retransmit: ["Retransmission (RTO)", "重传（RTO）"],
  Persist: ["Persist (window probe)", "持续（窗口探测）"],
  SwsOverride: ["SWS override", "糊涂窗口超时"],
  MemoryRetry: ["Memory retry", "内存重试"],
  DelayedAck: ["Delayed ACK", "延迟确认"],
  KeepAlive: ["Keep-alive", "保活"],
  FinWait2: ["FIN-WAIT-2", "FIN-WAIT-2"],
  TimeWait: ["TIME-WAIT (2 MSL)", "TIME-WAIT（2MSL）"],
  UserTimeout: ["User timeout", "用户超时"],
  TailLossProbe: ["Tail loss probe", "尾部丢失探测"],
  RackReordering: ["Reordering (RACK)", "失序等待（RACK）"],
  Pacing: ["Pacing", "发送节奏"],
};

export function timerName(key: string, spoken: "en" | "zh"): string {
  return kNames[key]?.[spoken === "zh" ? 1 : 0] ?? key;
}

interface Props {
  history: History;
  position: Position;
  connection: number;
  /// What set them is lit.
  lit?: readonly number[];
  /// What set a timer is chosen: the number of that moment.
  onMoment?: (moment: number) => void;
}

export function TimerList({ history, position, connection, lit, onMoment }: Props) {
  const t = useTexts();
  return (
    <div class="timers">
      {([0, 1] as Side[]).map((side) => {
        const running = history
          .timersOf(side, connection, position.index)
          .filter(({ end }) => end >= position.time);
        return (
          <section key={side}>
            <h3>{t(side === 0 ? "client" : "server")}</h3>
            {running.length === 0 ? (
              <p class="hint">{t("noTimers")}</p>
            ) : (
              <ul>
                {running.map((timer) => (
                  <Countdown
                    key={timer.name}
                    timer={timer}
                    now={position.time}
                    isLit={lit?.includes(timer.moment) ?? false}
                    onChoose={onMoment && (() => onMoment(timer.moment))}
                  />
                ))}
              </ul>
            )}
          </section>
        );
      })}
    </div>
  );
}

function Countdown(props: {
  timer: RunningTimer;
  now: number;
  isLit: boolean;
  onChoose?: (() => void) | undefined;
}) {
  const { timer, now, onChoose } = props;
  const t = useTexts();
  const spoken = useSignal(language);
  const left = Math.max(timer.end - now, 0);
  const whole = Math.max(timer.end - timer.set, 1);
  const info = tables.timers.find(({ key }) => key === timer.name);
  return (
    <li class={props.isLit ? "picked" : ""}>
      {onChoose ? (
        <button type="button" title={info?.[spoken]} onClick={onChoose}>
          {timerName(timer.name, spoken)}
        </button>
      ) : (
        <b title={info?.[spoken]}>{timerName(timer.name, spoken)}</b>
      )}
      {info?.rfc && <small>{info.rfc}</small>}
      <span class="left">{t("timerLeft", { time: timeText(left) })}</span>
      <i aria-hidden="true" style={{ width: `${Math.min(100, (100 * left) / whole)}%` }} />
    </li>
  );
}
