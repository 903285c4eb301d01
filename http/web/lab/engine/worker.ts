// The worker's script: a host that is told of orders by messages.
import { Host, type News, type Order } from "./host";

const scope = self as unknown as {
  postMessage(news: News): void;
  onmessage: ((event: MessageEvent<Order>) => void) | null;
};
const host = new Host((news) => scope.postMessage(news));
scope.onmessage = (event) => void host.take(event.data);
