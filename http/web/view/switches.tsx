// The dialog with the switches: the simulated link, each way, and the mechanisms. Without --control it
// shows how they stand, and says why they cannot be turned.
import { useEffect, useState } from "preact/hooks";
import { useDialog } from "../shared/dialog";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { useTexts, type TextKey } from "../shared/texts";
import type { Setting, Switches } from "./feed";
import { effectOf, kDirections, wholeSpec, withEffect, type Direction } from "./link_spec";
import type { Store } from "./store";
import { useWords, type Word } from "./words";

type Effect = { name: string; values: string[] } & ({ text: TextKey } | { word: Word });
const kEffects: Effect[] = [
  { name: "loss", text: "ownLoss", values: ["1%", "2%", "5%", "10%", "30%", "100%"] },
  { name: "burst", word: "burst", values: ["0.5%x8", "2%x8", "0.3%x20ms"] },
  { name: "delay", text: "ownDelay", values: ["1ms", "5ms", "20ms", "50ms", "100ms", "300ms"] },
  { name: "jitter", text: "ownJitter", values: ["1ms", "5ms", "20ms"] },
  { name: "reorder", text: "ownReorder", values: ["1%", "5%", "20%"] },
  { name: "duplicate", text: "ownDuplicate", values: ["1%", "5%", "20%"] },
  { name: "corrupt", word: "corrupt", values: ["0.1%", "1%", "5%"] },
  { name: "rate", text: "ownRate", values: ["256kbit", "1mbit", "10mbit", "100mbit"] },
  { name: "queue", text: "ownQueue", values: ["5", "20", "100", "1000"] },
];

export function SwitchesDialog({
  store,
  isOpen,
  onClose,
}: {
  store: Store;
  isOpen: boolean;
  onClose: () => void;
}) {
  const w = useWords();
  const t = useTexts();
  const switches = useSignal(store.switches);
  const hello = useSignal(store.hello);
  const refusal = useSignal(store.refusal);
  const dialog = useDialog(isOpen, onClose);
  const isOff = hello?.control !== true;
  return (
    <dialog class="knobs" aria-labelledby="switches-title" {...dialog}>
      <div class="dialog-head">
        <h2 id="switches-title">{w("switchesTitle")}</h2>
        <button type="button" class="quiet" onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body" tabIndex={0} role="region" aria-labelledby="switches-title">
        {isOff ? <p class="notice">{w("controlOff")}</p> : <p class="hint">{w("switchesNote")}</p>}
        {refusal && (
          <p class="wrong" role="alert">
            {w("refusedOrder", { why: refusal })}
          </p>
        )}
        {switches && (
          <>
            <LinkTable store={store} switches={switches} isOff={isOff} />
            <SettingsTable store={store} settings={switches.settings} isOff={isOff} />
          </>
        )}
      </div>
    </dialog>
  );
}

function LinkTable({ store, switches, isOff }: { store: Store; switches: Switches; isOff: boolean }) {
  const w = useWords();
  const t = useTexts();
  const why = switches.link_disabled;
  const isDisabled = isOff || why !== "";
  const turn = (direction: Direction, name: string, value: string) => {
    const link = { ...switches.link, [direction]: withEffect(switches.link[direction], name, value) };
    void store.turn({ link: wholeSpec(link) });
  };
  const nameOf = (effect: Effect) => ("text" in effect ? t(effect.text) : w(effect.word));
  const title = (direction: Direction) => w(direction === "in" ? "towardsUs" : "towardsPeer");
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{w("linkTitle")}</th>
            {kDirections.map((direction) => (
              <th scope="col" key={direction}>
                {title(direction)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kEffects.map((effect) => (
            <tr key={effect.name}>
              <th scope="row">{nameOf(effect)}</th>
              {kDirections.map((direction) => (
                <td key={direction}>
                  <EffectField
                    label={`${nameOf(effect)}, ${title(direction)}`}
                    effect={effect}
                    now={effectOf(switches.link[direction], effect.name)}
                    why={why}
                    isDisabled={isDisabled}
                    onTurn={(value) => turn(direction, effect.name, value)}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {why && <p class="hint">{why}</p>}
      <p class="row heal">
        <button
          type="button"
          class="small"
          disabled={isDisabled || wholeSpec(switches.link) === ""}
          onClick={() => void store.turn({ link: "" })}
        >
          {w("heal")}
        </button>
        <code>{wholeSpec(switches.link)}</code>
      </p>
    </>
  );
}

interface EffectProps {
  label: string;
  effect: Effect;
  /// Its value; empty: none.
  now: string;
  /// Why it cannot be changed, if that is the link's own reason.
  why: string;
  isDisabled: boolean;
  onTurn: (value: string) => void;
}

function EffectField({ label, effect: { values }, now, why, isDisabled, onTurn }: EffectProps) {
  const w = useWords();
  const all = now === "" || values.includes(now) ? values : [now, ...values];
  return (
    <select
      aria-label={label}
      class={now ? "turned" : ""}
      disabled={isDisabled}
      title={why || undefined}
      value={now}
      onChange={(event) => onTurn(event.currentTarget.value)}
    >
      <option value="">{w("none")}</option>
      {all.map((value) => (
        <option key={value} value={value}>
          {value}
        </option>
      ))}
    </select>
  );
}

function SettingsTable({ store, settings, isOff }: { store: Store; settings: Setting[]; isOff: boolean }) {
  const w = useWords();
  return (
    <table class="settings">
      <thead>
        <tr>
          <th scope="col">{w("mechanisms")}</th>
          <th scope="col">{w("value")}</th>
        </tr>
      </thead>
      <tbody>
        {settings.map((setting) => (
          <tr key={setting.name}>
            <th scope="row">
              <code>{setting.name}</code>
              <small>
                {setting.what}
                {setting.rule && <span class="rfc">{setting.rule}</span>}
              </small>
            </th>
            <td>
              <SettingField
                setting={setting}
                isOff={isOff}
                onTurn={(value) => void store.turn({ setting: [setting.name, value] })}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SettingField({
  setting,
  isOff,
  onTurn,
}: {
  setting: Setting;
  isOff: boolean;
  onTurn: (value: string) => void;
}) {
  const { name, value, choices } = setting;
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  if (choices.length > 0) {
    return (
      <select
        aria-label={name}
        disabled={isOff}
        value={value}
        onChange={(event) => onTurn(event.currentTarget.value)}
      >
        {(choices.includes(value) ? choices : [value, ...choices]).map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      type="text"
      aria-label={name}
      disabled={isOff}
      value={draft}
      onInput={(event) => setDraft(event.currentTarget.value)}
      // "5 s", as it is shown, and "5s" are the same.
      onChange={(event) => {
        const wanted = event.currentTarget.value.replaceAll(/\s/g, "");
        if (wanted !== value.replaceAll(/\s/g, "")) onTurn(wanted);
      }}
    />
  );
}
