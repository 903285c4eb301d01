// The page's end of the engine. It lies in a worker made of text that the page carries, since browsers
// load no worker from file://; where they refuse even that one, the engine runs in the page.
import { Host, type News, type Order } from "./host";

declare const BUILT_WORKER: string;

export class Port {
  private readonly post: (order: Order) => void;

  constructor(module: string, tell: (news: News) => void) {
    this.post = Port.connect(tell);
    this.post({ kind: "start", module });
  }

  send(order: Order): void {
    this.post(order);
  }

  private static connect(tell: (news: News) => void): (order: Order) => void {
    try {
      const url = URL.createObjectURL(new Blob([BUILT_WORKER], { type: "text/javascript" }));
      const worker = new Worker(url);
      worker.onmessage = (event: MessageEvent<News>) => tell(event.data);
      worker.onerror = (event) => tell({ kind: "failed", message: event.message });
      return (order) => worker.postMessage(order);
    } catch {
      const host = new Host(tell);
      return (order) => void host.take(order);
    }
  }
}
