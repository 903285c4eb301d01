// The dialog in which a scenario is chosen, by chapter.
import { useState } from "preact/hooks";
import { useDialog } from "../shared/dialog";
import { Icon } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { catalogue } from "../shared/tables";
import { language, useTexts } from "../shared/texts";
import { specOf, type Store } from "./store";
import { WholeWords } from "./whole_words";

export function Picker({
  store,
  isOpen,
  onClose,
  onOwn,
}: {
  store: Store;
  isOpen: boolean;
  onClose: () => void;
  onOwn: () => void;
}) {
  const t = useTexts();
  const spoken = useSignal(language);
  const current = useSignal(store.run).spec.name;
  const [wanted, setWanted] = useState("");
  const at = spoken === "zh" ? 1 : 0;
  const fits = (text: string) => text.toLowerCase().includes(wanted.trim().toLowerCase());
  const dialog = useDialog(isOpen, onClose);
  const open = (name: string) => {
    store.begin(specOf(name));
    onClose();
  };
  return (
    <dialog class="picker" aria-labelledby="picker-title" {...dialog}>
      <div class="dialog-head">
        <h2 id="picker-title">{t("choose")}</h2>
        <input
          type="search"
          placeholder={t("search")}
          aria-label={t("search")}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
        <button type="button" class="quiet" onClick={onClose} aria-label={t("close")}>
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">
        {catalogue.chapters.map((chapter) => {
          const entries = catalogue.scenarios.filter(
            (one) => one.chapter === chapter.key && (fits(one.titles[at]) || fits(one.name)),
          );
          if (entries.length === 0) return null;
          return (
            <section key={chapter.key}>
              <h3>{chapter[spoken]}</h3>
              <ul>
                {entries.map((entry) => (
                  <li key={entry.name}>
                    <button
                      type="button"
                      aria-current={entry.name === current ? "true" : undefined}
                      onClick={() => open(entry.name)}
                    >
                      <span>
                        <WholeWords text={entry.titles[at]} />
                      </span>
                      <code>{entry.name}</code>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
        <section>
          <h3>{t("own")}</h3>
          <ul>
            <li>
              <button
                type="button"
                aria-current={current === "own" ? "true" : undefined}
                onClick={() => {
                  onClose();
                  onOwn();
                }}
              >
                <span>{t("ownTitle")}</span>
                <code>own</code>
              </button>
            </li>
          </ul>
        </section>
      </div>
    </dialog>
  );
}
