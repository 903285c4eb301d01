// The scenario's title and question, its seed, and what may be done with the run as a whole.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { catalogue } from "../shared/tables";
import { language, useTexts } from "../shared/texts";
import { exportCapture, exportPng, exportSvg, kFigures, kFigureTitles } from "./export";
import { editText, kOwnName, type Store } from "./store";
import { storyOf } from "./story";
import { WholeWords } from "./whole_words";

export function Title({ store, onKnobs }: { store: Store; onKnobs: () => void }) {
  const t = useTexts();
  const spoken = useSignal(language);
  useSignal(store.version);
  const run = useSignal(store.run);
  const base = useSignal(store.base);
  const isComparing = useSignal(store.isComparing);
  const isPredicting = useSignal(store.isPredicting);
  const { spec, scenario } = run;
  const story = storyOf(store);
  const chapter = catalogue.chapters.find(({ key }) => key === scenario?.chapter);
  const entry = catalogue.scenarios.find(({ name }) => name === spec.name);
  const title = story?.title || entry?.titles[spoken === "zh" ? 1 : 0] || t("ownTitle");
  const chosen: string[] = [];
  for (let i = 0; i + 1 < (scenario?.chosen.length ?? 0); i += 2) {
    chosen.push(`${scenario!.chosen[i]} ${scenario!.chosen[i + 1]}`);
  }
  useEffect(() => {
    document.title = `${title} · glasstcp ${t("lab")}`;
  }, [title]);
  return (
    <section class="title">
      <div>
        <p class="eyebrow">{spec.name === kOwnName ? t("own") : (chapter?.[spoken] ?? "\u00a0")}</p>
        <h1>
          <WholeWords text={title} />
        </h1>
        {story?.question && <p class="lead">{story.question}</p>}
      </div>
      <div class="actions">
        <SeedField store={store} />
        <button type="button" class="small" onClick={onKnobs}>
          <Icon name="sliders" /> {t("knobs")}
          {spec.settings.length > 0 && <span class="count">{spec.settings.length}</span>}
        </button>
        <button
          type="button"
          class="small"
          aria-pressed={isPredicting}
          title={t("predictModeNote")}
          onClick={() => store.predict(!isPredicting)}
        >
          <Icon name="quiz" /> {t("predictMode")}
        </button>
        {base && (
          <button
            type="button"
            class="small"
            aria-pressed={isComparing}
            onClick={() => (store.isComparing.value = !isComparing)}
          >
            <Icon name="compare" /> {t(isComparing ? "compareOff" : "compare")}
          </button>
        )}
        <ExportMenu store={store} title={title} />
        {chosen.length > 0 && (
          <p class="chosen">
            {t("chosen")} <code>{chosen.join(" · ")}</code>
          </p>
        )}
      </div>
      {(spec.edits.length > 0 || spec.settings.length > 0) && (
        <div class="changes">
          <span>{t("edits")}</span>
          <ul>
            {spec.edits.map((edit) => (
              <Chip key={edit} text={editText(edit)} onUndo={() => store.undo(edit)} />
            ))}
            {spec.settings.map(([key, value]) => (
              <Chip key={key} text={`${key} = ${value}`} onUndo={() => store.set(key, null)} />
            ))}
          </ul>
        </div>
      )}
      {run.error && (
        <p class="wrong" role="alert">
          <b>{t("wrongText")}</b>
          {run.error.line > 0 && ` (${t("line")} ${run.error.line})`}: {run.error.message}
        </p>
      )}
    </section>
  );
}

function Chip({ text, onUndo }: { text: string; onUndo: () => void }) {
  const t = useTexts();
  return (
    <li class="chip">
      {text}
      <button type="button" onClick={onUndo} aria-label={`${t("undo")}: ${text}`}>
        <Icon name="close" />
      </button>
    </li>
  );
}

function SeedField({ store }: { store: Store }) {
  const t = useTexts();
  const { spec } = useSignal(store.run);
  const choose = (seed: number) => store.begin({ ...spec, seed, edits: [] });
  return (
    <span class="seed">
      <label>
        {t("seed")}{" "}
        <input
          type="number"
          min={0}
          max={999_999}
          value={spec.seed}
          onChange={(event) =>
            choose(Math.min(Math.max(Math.round(Number(event.currentTarget.value)) || 0, 0), 999_999))
          }
        />
      </label>
      <button
        type="button"
        class="quiet"
        onClick={() => choose((spec.seed % 999_999) + 1)}
        aria-label={t("anotherSeed")}
        title={t("anotherSeed")}
      >
        <Icon name="dice" />
      </button>
    </span>
  );
}

function ExportMenu({ store, title }: { store: Store; title: string }) {
  const t = useTexts();
  const [isOpen, setOpen] = useState(false);
  const item = (text: string, act: () => void) => (
    <li>
      <button type="button" onClick={() => (act(), setOpen(false))}>
        {text}
      </button>
    </li>
  );
  return (
    <div
      class="menu"
      onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
      onFocusOut={(event) =>
        !event.currentTarget.contains(event.relatedTarget as Node) && event.relatedTarget && setOpen(false)
      }
    >
      <button type="button" class="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="share" /> {t("exportWord")}
      </button>
      {isOpen && (
        <ul>
          {item(t("exportPcap", { side: t("client") }), () => void exportCapture(store, 0))}
          {item(t("exportPcap", { side: t("server") }), () => void exportCapture(store, 1))}
          {kFigures.map((figure) => (
            <li key={figure} class="figure">
              <span>{t(kFigureTitles[figure])}</span>
              <button
                type="button"
                aria-label={`${t(kFigureTitles[figure])}: SVG`}
                onClick={() => (exportSvg(store, figure, title), setOpen(false))}
              >
                SVG
              </button>
              <button
                type="button"
                aria-label={`${t(kFigureTitles[figure])}: PNG`}
                onClick={() => (void exportPng(store, figure, title), setOpen(false))}
              >
                PNG
              </button>
            </li>
          ))}
          <li class="link">
            <a href={location.href}>{t("exportLink")}</a>
            <small>{t("linkNote")}</small>
          </li>
        </ul>
      )}
    </div>
  );
}
