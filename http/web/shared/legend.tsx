// The one table of colours, marks and dashes by class of reason.
import { useSignal } from "./signal";
import { tables } from "./tables";
import { language, useTexts } from "./texts";

export function Legend() {
  const t = useTexts();
  const spoken = useSignal(language);
  return (
    <footer class="legend">
      <h2>{t("legend")}</h2>
      <ul>
        {tables.classes.map((look) => (
          <li key={look.key} class={`c-${look.key}`}>
            <svg width="34" height="10" viewBox="0 0 34 10" aria-hidden="true">
              <line class="shaft" x1="1" x2="33" y1="5" y2="5" stroke-dasharray={look.dash || undefined} />
            </svg>
            <span class="mark" aria-hidden="true">
              {look.mark}
            </span>
            {look[spoken]}
          </li>
        ))}
      </ul>
    </footer>
  );
}
