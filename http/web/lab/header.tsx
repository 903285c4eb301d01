// The page's head: what it is, the scenario that runs, language and colours.
import { Icon } from "../shared/icons";
import { Brand, Choices } from "../shared/page_head";
import { useTexts } from "../shared/texts";

export function Header({ onPick }: { onPick: () => void }) {
  const t = useTexts();
  return (
    <header class="top">
      <Brand name={t("lab")} subtitle={t("subtitle")} />
      <nav>
        <button type="button" class="pick" onClick={onPick}>
          {t("scenarios")} <Icon name="down" />
        </button>
        <Choices />
      </nav>
    </header>
  );
}
