// What each page's head has: whose page it is, and the choice of colours and of the language.
import { theme, type Theme } from "./appearance";
import { Icon, type IconName } from "./icons";
import { useSignal } from "./signal";
import { language, useTexts, type TextKey } from "./texts";

const kThemes: Theme[] = ["auto", "light", "dark"];
const kNames: Record<Theme, TextKey> = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };

export function Brand({ name, subtitle }: { name: string; subtitle: string }) {
  return (
    <p class="brand">
      <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
        <rect x="3" y="5" width="7" height="22" rx="3" class="glass" />
        <rect x="12.5" y="5" width="7" height="22" rx="3" class="glass" />
        <rect x="22" y="5" width="7" height="22" rx="3" class="glass" />
        <path d="M1 21 L31 10" class="ray" />
        <circle cx="16" cy="15.5" r="3.4" class="spark" />
      </svg>
      <span>
        <b>glasstcp</b> {name}
        <small>{subtitle}</small>
      </span>
    </p>
  );
}

export function Choices() {
  const t = useTexts();
  const look = useSignal(theme);
  const spoken = useSignal(language);
  const next = kThemes[(kThemes.indexOf(look) + 1) % kThemes.length]!;
  return (
    <>
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
    </>
  );
}
