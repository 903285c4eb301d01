/*
 * An echo server over glasstcp.h: bind, listen, then accept, receive and send whenever it is asked
 * to. Every call answers at once; -EAGAIN means "later".
 */
#include <errno.h>
#include <string.h>

#include "examples.h"

int echo_server_start(struct echo_server* server, struct glasstcp_stack* stack, uint16_t port) {
  const int on = 1;
  struct sockaddr_in6 any; /* an AF_INET6 socket serves IPv4 too */
  int result;

  memset(server, 0, sizeof *server);
  server->stack = stack;
  result = glasstcp_socket(stack, AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0, &server->listener);
  if (result < 0) return result;
  glasstcp_setsockopt(stack, server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  memset(&any, 0, sizeof any);
  any.sin6_family = AF_INET6;
  any.sin6_port = htons(port);
  result = glasstcp_bind(stack, server->listener, (const struct sockaddr*)&any, sizeof any);
  if (result < 0) return result;
  return glasstcp_listen(stack, server->listener, 16);
}

/* 1: the client is gone; 0: later; or -errno. */
static int serve_client(struct echo_server* server) {
  char bytes[128];
  for (;;) {
    const ssize_t n = glasstcp_recv(server->stack, server->client, bytes, sizeof bytes, 0);
    if (n == -EAGAIN) return 0;
    if (n <= 0) return n == 0 ? 1 : (int)n;
    /* A real server would keep what did not fit; the send buffer is larger than a test's text. */
    if (glasstcp_send(server->stack, server->client, bytes, (size_t)n, MSG_NOSIGNAL) != n) {
      return -ENOBUFS;
    }
  }
}

int echo_server_step(struct echo_server* server) {
  int result;
  if (server->client == 0) {
    result = glasstcp_accept(server->stack, server->listener, NULL, NULL, SOCK_NONBLOCK,
                             &server->client);
    if (result == -EAGAIN) return 0;
    if (result < 0) return result;
  }
  result = serve_client(server);
  if (result == 0) return 0;
  glasstcp_close(server->stack, server->client);
  server->client = 0;
  if (result > 0) ++server->served;
  return result < 0 ? result : 0;
}
