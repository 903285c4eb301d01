// The link and the settings of both ends, as far as people turn them; all others stand in a scenario's
// text.
import { useDialog } from "../shared/dialog";
import { kEndKnobs, kLinkKnobs, knobName, valueName, type Knob } from "./knob_table";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { useTexts } from "../shared/texts";
import type { Store } from "./store";

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
          aria-label={`${t(side)}: ${knobName(knob, t("language"))}`}
          class={chosen.has(key) ? "turned" : ""}
          value={chosen.get(key) ?? ""}
          onChange={(event) => store.set(key, event.currentTarget.value || null)}
        >
          <option value="">{t("asScenario")}</option>
          {knob.values.map((value) => (
            <option key={value} value={value}>
              {valueName(value, t)}
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
            <th scope="row">{knobName(knob, t("language"))}</th>
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
        {table(t("link"), kLinkKnobs, [
          t("towards", { side: t("client") }),
          t("towards", { side: t("server") }),
        ])}
        {table(t("ends"), kEndKnobs, [t("client"), t("server")])}
      </div>
    </dialog>
  );
}
