// A scenario of one's own: sliders of the link, what both applications do, the settings of both ends,
// and the text that this makes, which may be changed further. `glasstcp lab` reads the same text.
import { useState } from "preact/hooks";
import { useDialog } from "../shared/dialog";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { useTexts, type TextKey } from "../shared/texts";
import { kFirstForm, textOfForm, type End, type Form, type Way } from "./build_text";
import { kEndKnobs, knobName, valueName } from "./knob_table";
import { kOwnName, type Store } from "./store";

interface Slider {
  key: keyof Way;
  name: TextKey;
  unit: string;
  max: number;
  step: number;
}

const kSliders: Slider[] = [
  { key: "delayMs", name: "ownDelay", unit: "ms", max: 300, step: 1 },
  { key: "jitterMs", name: "ownJitter", unit: "ms", max: 100, step: 1 },
  { key: "lossPercent", name: "ownLoss", unit: "%", max: 30, step: 0.5 },
  { key: "reorderPercent", name: "ownReorder", unit: "%", max: 30, step: 0.5 },
  { key: "duplicatePercent", name: "ownDuplicate", unit: "%", max: 30, step: 0.5 },
  { key: "rateMbit", name: "ownRate", unit: "Mbit/s", max: 20, step: 0.25 },
  { key: "queue", name: "ownQueue", unit: "", max: 200, step: 1 },
];

export function Own({ store, isOpen, onClose }: { store: Store; isOpen: boolean; onClose: () => void }) {
  const t = useTexts();
  const run = useSignal(store.run);
  const [form, setForm] = useState<Form>(kFirstForm);
  const [text, setText] = useState(run.spec.name === kOwnName ? run.spec.text : textOfForm(kFirstForm));
  const dialog = useDialog(isOpen, onClose);
  const change = (more: Partial<Form>) => {
    const next = { ...form, ...more };
    setForm(next);
    setText(textOfForm(next));
  };
  const begin = () => {
    store.begin({ name: kOwnName, text, seed: run.spec.seed, settings: [], edits: [] });
    onClose();
  };
  return (
    <dialog class="own" aria-labelledby="own-title" {...dialog}>
      <div class="dialog-head">
        <h2 id="own-title">{t("ownTitle")}</h2>
        <button type="button" class="primary wide" onClick={begin}>
          {t("ownRun")}
        </button>
        <button type="button" class="quiet" onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">
        <div class="own-form">
          {([0, 1] as const).map((side) => (
            <Sliders
              key={side}
              title={t("towards", { side: t(side === 0 ? "client" : "server") })}
              way={form.ways[side]}
              onChange={(way) => change({ ways: side === 0 ? [way, form.ways[1]] : [form.ways[0], way] })}
            />
          ))}
          <Host side={0} form={form} onChange={change} />
          <Host side={1} form={form} onChange={change} />
          <Ending form={form} onChange={change} />
        </div>
        <label class="own-text">
          <span>{t("ownText")}</span>
          <textarea
            spellcheck={false}
            rows={16}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <p class="hint">
          {t("ownHelp")}{" "}
          {run.spec.name !== kOwnName && (
            <button type="button" class="small" onClick={() => setText(run.spec.text)}>
              {t("ownTake", { name: run.spec.name })}
            </button>
          )}
        </p>
      </div>
    </dialog>
  );
}

function Sliders({ title, way, onChange }: { title: string; way: Way; onChange: (way: Way) => void }) {
  const t = useTexts();
  return (
    <fieldset>
      <legend>{title}</legend>
      {kSliders.map(({ key, name, unit, max, step }) => (
        <label key={key} class="slider">
          <span>{t(name)}</span>
          <input
            type="range"
            min={key === "queue" ? 1 : 0}
            max={max}
            step={step}
            value={way[key]}
            onInput={(event) => onChange({ ...way, [key]: Number(event.currentTarget.value) })}
          />
          <output>
            {key === "rateMbit" && way[key] === 0 ? "∞" : way[key]} {unit}
          </output>
        </label>
      ))}
    </fieldset>
  );
}

/// An application and the settings below it.
function Host({
  side,
  form,
  onChange,
}: {
  side: 0 | 1;
  form: Form;
  onChange: (more: Partial<Form>) => void;
}) {
  const t = useTexts();
  const end = form.ends[side];
  const change = (more: Partial<End>) => {
    const next = { ...end, ...more };
    onChange({ ends: side === 0 ? [next, form.ends[1]] : [form.ends[0], next] });
  };
  const number = (
    key: "writes" | "times" | "readBytes" | "readEveryMs",
    name: string,
    least: number,
    most: number,
  ) => (
    <label class="slider">
      <span>{name}</span>
      <input
        type="number"
        min={least}
        max={most}
        value={end[key]}
        onInput={(event) => {
          const value = Math.round(Number(event.currentTarget.value)) || 0;
          change({ [key]: Math.min(Math.max(value, least), most) });
        }}
      />
    </label>
  );
  const turn = (key: string, value: string) => {
    const others = Object.entries(end.settings).filter(([one]) => one !== key);
    const settings = Object.fromEntries(value ? [...others, [key, value]] : others);
    change({ settings });
  };
  return (
    <fieldset>
      <legend>{t(side === 0 ? "client" : "server")}</legend>
      {number("writes", t("ownWrites"), 0, 10_000_000)}
      {number("times", t("ownTimes"), 1, 1000)}
      <Choice
        name={t("ownReads")}
        value={end.reading}
        all={[
          ["all", t("ownReadsAll")],
          ["slowly", t("ownReadsSlowly")],
          ["never", t("ownReadsNever")],
        ]}
        onChoose={(reading) => change({ reading })}
      />
      {end.reading === "slowly" && number("readBytes", t("ownReadBytes"), 1, 1_000_000)}
      {end.reading === "slowly" && number("readEveryMs", t("ownReadEvery"), 1, 10_000)}
      <h3 class="own-settings">{t("ownSettings")}</h3>
      {kEndKnobs.map((knob) => (
        <Choice
          key={knob.key}
          name={knobName(knob, t("language"))}
          value={end.settings[knob.key] ?? ""}
          all={[
            ["", t("usual")],
            ...knob.values.map((value): [string, string] => [value, valueName(value, t)]),
          ]}
          onChoose={(value) => turn(knob.key, value)}
        />
      ))}
    </fieldset>
  );
}

function Choice<T extends string>(props: {
  name: string;
  value: T;
  all: [T, string][];
  onChoose: (value: T) => void;
}) {
  return (
    <label class="slider">
      <span>{props.name}</span>
      <select
        value={props.value}
        class={props.value !== "" && props.all[0]![0] === "" ? "turned" : ""}
        onChange={(event) => props.onChoose(event.currentTarget.value as T)}
      >
        {props.all.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function Ending({ form, onChange }: { form: Form; onChange: (more: Partial<Form>) => void }) {
  const t = useTexts();
  return (
    <fieldset>
      <legend>{t("ownEnd")}</legend>
      <Choice
        name={t("ownCloser")}
        value={form.closer}
        all={[
          ["client", t("client")],
          ["server", t("server")],
        ]}
        onChoose={(closer) => onChange({ closer })}
      />
      <Choice
        name={t("ownEnding")}
        value={form.ending}
        all={[
          ["close", t("ownClose")],
          ["abort", t("ownAbort")],
        ]}
        onChoose={(ending) => onChange({ ending })}
      />
    </fieldset>
  );
}
