// The page's head: what it is, the scenario that runs, language and colours.
import { theme, type Theme } from "../shared/appearance";
import { Icon, type IconName } from "../shared/icons";
import { useSignal } from "../shared/signal";
import { language, useTexts, type TextKey } from "../shared/texts";

const kThemes: Theme[] = ["auto", "light", "dark"];
const kNames: Record<Theme, TextKey> = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };

export function Header({ onPick }: { onPick: () => void }) {
  const t = useTexts();
  const look = useSignal(theme);
  const spoken = useSignal(language);
  const next = kThemes[(kThemes.indexOf(look) + 1) % kThemes.length]!;
  return (
    <header class="top">
      <p class="brand">
        <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
          <rect x="3" y="5" width="7" height="22" rx="3" class="glass" />
          <rect x="12.5" y="5" width="7" height="22" rx="3" class="glass" />
          <rect x="22" y="5" width="7" height="22" rx="3" class="glass" />
          <path d="M1 21 L31 10" class="ray" />
          <circle cx="16" cy="15.5" r="3.4" class="spark" />
        </svg>
        <span>
          <b>glasstcp</b> {t("lab")}
          <small>{t("subtitle")}</small>
        </span>
      </p>
      <nav>
        <button type="button" class="pick" onClick={onPick}>
          {t("scenarios")} <Icon name="down" />
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => (theme.value = next)}
          aria-label={`${t("theme")}: ${t(kNames[look])}`}
          title={`${t("theme")}: ${t(kNames[look])}`}
        >
          <Icon name={look as IconName} />
        </button>
        <button
          type="button"
          class="quiet text"
          lang={spoken === "zh" ? "en" : "zh-CN"}
          onClick={() => (language.value = spoken === "zh" ? "en" : "zh")}
        >
          {t("language")}
        </button>
      </nav>
    </header>
  );
}
