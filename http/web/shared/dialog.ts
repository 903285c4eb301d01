// A hook for dialogs that lie over the page: opened and closed by the component, by Escape, or by a
// click beside them.
import { useLayoutEffect, useRef } from "preact/hooks";

export function useDialog(isOpen: boolean, onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null);
  // At once: a key that comes before it is open would move the focus, which is to come back to where
  // it was.
  useLayoutEffect(() => {
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
