// The link and the settings of both ends, as far as people turn them; all others stand in a scenario's
// text.
import { useDialog } from "../shared/dialog";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { useTexts } from "../shared/texts";
import type { Store } from "./store";

interface Knob {
  key: string;
  name: [string, string];
  values: string[];
}

const kLink: Knob[] = [
  { key: "link.delay", name: ["Delay", "时延"], values: ["1ms", "5ms", "20ms", "50ms", "100ms", "300ms"] },
  { key: "link.loss", name: ["Loss", "丢失率"], values: ["0%", "1%", "5%", "10%", "20%"] },
  { key: "link.jitter", name: ["Jitter", "抖动"], values: ["0ms", "2ms", "10ms", "50ms"] },
  { key: "link.reorder", name: ["Reordering", "失序"], values: ["0%", "1%", "5%", "20%"] },
  { key: "link.duplicate", name: ["Duplicates", "重复"], values: ["0%", "1%", "5%", "20%"] },
  { key: "link.rate", name: ["Rate", "速率"], values: ["256kbit", "1mbit", "10mbit", "100mbit"] },
  { key: "link.queue", name: ["Queue (packets)", "队列（分组）"], values: ["2", "5", "20", "100", "1000"] },
];

const kEnds: Knob[] = [
  { key: "sack", name: ["SACK", "选择确认"], values: ["on", "off"] },
  { key: "timestamps", name: ["Timestamps", "时间戳"], values: ["on", "off"] },
  { key: "window_scaling", name: ["Window scale", "窗口扩大"], values: ["on", "off"] },
  { key: "nagle", name: ["Nagle", "Nagle 算法"], values: ["on", "off"] },
  { key: "delayed_ack", name: ["Delayed ACK", "延迟确认"], values: ["0ms", "40ms", "200ms", "500ms"] },
  { key: "congestion", name: ["Congestion control", "拥塞控制"], values: ["newreno", "cubic", "bbr"] },
  {
    key: "initial_window",
    name: ["Initial window (segments)", "初始窗口（报文段）"],
    values: ["1", "2", "4", "10", "32"],
  },
  { key: "rack", name: ["RACK", "RACK"], values: ["on", "off"] },
  { key: "tail_loss_probe", name: ["Tail loss probe", "尾部丢失探测"], values: ["on", "off"] },
  { key: "initial_rto", name: ["Initial RTO", "初始 RTO"], values: ["200ms", "1s", "3s"] },
  { key: "min_rto", name: ["Least RTO", "最小 RTO"], values: ["10ms", "200ms", "1s"] },
  { key: "mss", name: ["MSS (bytes)", "MSS（字节）"], values: ["536", "1220", "1460"] },
  {
    key: "receive_buffer",
    name: ["Receive buffer (bytes)", "接收缓冲区（字节）"],
    values: ["4096", "16384", "65536", "1048576"],
  },
];

export function Knobs({ store, isOpen, onClose }: { store: Store; isOpen: boolean; onClose: () => void }) {
  const t = useTexts();
  const run = useSignal(store.run);
  const chosen = new Map(run.spec.settings);
  const dialog = useDialog(isOpen, onClose);
  const sides = ["client", "server"] as const;
  const select = (knob: Knob, side: "client" | "server") => {
    const key = `${side}.${knob.key}`;
    return (
      <td>
        <select
          aria-label={`${t(side)}: ${knob.name[0]}`}
          class={chosen.has(key) ? "turned" : ""}
          value={chosen.get(key) ?? ""}
          onChange={(event) => store.set(key, event.currentTarget.value || null)}
        >
          <option value="">{t("asScenario")}</option>
          {knob.values.map((value) => (
            <option key={value} value={value}>
              {value === "on" || value === "off" ? t(value) : value}
            </option>
          ))}
        </select>
      </td>
    );
  };
  const table = (title: string, knobs: Knob[], heads: [string, string]) => (
    <table>
      <thead>
        <tr>
          <th scope="col">{title}</th>
          {heads.map((head) => (
            <th scope="col" key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {knobs.map((knob) => (
          <tr key={knob.key}>
            <th scope="row">{nameOf(knob, t("language"))}</th>
            {sides.map((side) => select(knob, side))}
          </tr>
        ))}
      </tbody>
    </table>
  );
  return (
    <dialog class="knobs" aria-labelledby="knobs-title" {...dialog}>
      <div class="dialog-head">
        <h2 id="knobs-title">{t("knobs")}</h2>
        <button
          type="button"
          class="small"
          disabled={run.spec.settings.length === 0}
          onClick={() => store.change({ ...run.spec, settings: [] })}
        >
          {t("reset")}
        </button>
        <button type="button" class="quiet" onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">
        <p class="hint">{t("knobsNote")}</p>
        {table(t("link"), kLink, [t("towards", { side: t("client") }), t("towards", { side: t("server") })])}
        {table(t("ends"), kEnds, [t("client"), t("server")])}
      </div>
    </dialog>
  );
}

/// The button of the language that is not spoken tells which one is.
function nameOf(knob: Knob, other: string): string {
  return knob.name[other === "English" ? 1 : 0];
}
