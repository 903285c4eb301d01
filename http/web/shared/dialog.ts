// A hook for dialogs that lie over the page: opened and closed by the component, by Escape, or by a
// click beside them.
import { useEffect, useRef } from "preact/hooks";

export function useDialog(isOpen: boolean, onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const node = dialog.current!;
    if (isOpen && !node.open) node.showModal();
    if (!isOpen && node.open) node.close();
  }, [isOpen]);
  return {
    ref: dialog,
    onClose,
    onClick: (event: MouseEvent) => event.target === dialog.current && onClose(),
  };
}
