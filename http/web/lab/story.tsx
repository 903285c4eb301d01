// What a scenario asks and tells: the question above the ladder, the answer below it, closed at first.
import { useSignal } from "../shared/signal";
import { catalogue } from "../shared/tables";
import { language, useTexts } from "../shared/texts";
import { specOf, type Store } from "./store";
import type { Story } from "../shared/types";

export function storyOf(store: Store): Story | null {
  return store.run.value.scenario?.stories[language.value === "zh" ? 1 : 0] ?? null;
}

export function Answer({ store }: { store: Store }) {
  const t = useTexts();
  useSignal(language);
  useSignal(store.version);
  const run = useSignal(store.run);
  const story = storyOf(store);
  if (!story || !story.happened) return null;
  const { filter, command } = run.scenario!;
  return (
    <section class="answer pane" aria-label={t("happened")}>
      <details>
        <summary>
          <h2>{t("happened")}</h2>
        </summary>
        <p class="prose">{story.happened}</p>
      </details>
      {filter && (
        <div>
          <h2>{t("see")}</h2>
          <p class="prose">{story.see}</p>
          <p class="code">
            <span>{t("filter")}</span>
            <code>{filter}</code>
          </p>
        </div>
      )}
      {command && (
        <div>
          <h2>{t("change")}</h2>
          <p class="prose">{story.change}</p>
          <p class="code">
            <code>glasstcp lab {command}</code>
            <button type="button" class="small" onClick={() => follow(store, command)}>
              {t("runIt")}
            </button>
          </p>
        </div>
      )}
    </section>
  );
}

/// Runs "NAME --set KEY=VALUE --seed N" here; beside what ran before, if it is the same scenario.
export function follow(store: Store, command: string): void {
  const words = command.split(/\s+/);
  const name = words[0]!;
  if (!catalogue.scenarios.some((one) => one.name === name)) return;
  const isSame = name === store.run.value.spec.name;
  const spec = isSame
    ? { ...store.run.value.spec, settings: [...store.run.value.spec.settings] }
    : specOf(name, store.run.value.spec.seed);
  for (let i = 1; i + 1 < words.length; i += 2) {
    if (words[i] === "--seed") spec.seed = Number(words[i + 1]);
    if (words[i] !== "--set") continue;
    const [key, value] = words[i + 1]!.split("=", 2);
    spec.settings = [...spec.settings.filter(([one]) => one !== key), [key!, value ?? ""]];
  }
  if (isSame) store.change(spec);
  else store.begin(spec);
  window.scrollTo({ top: 0 });
}
