/*
 * A client over glasstcp.h: connect without waiting, send when the socket is writable, shut down,
 * and read to the end.
 */
#include <errno.h>
#include <string.h>

#include "examples.h"

int echo_client_start(struct echo_client* client, struct glasstcp_stack* stack,
                      const struct sockaddr* address, socklen_t length, const char* text) {
  int result;
  memset(client, 0, sizeof *client);
  client->stack = stack;
  client->text = text;
  client->length = strlen(text);
  result =
      glasstcp_socket(stack, address->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0, &client->socket);
  if (result < 0) return result;
  result = glasstcp_connect(stack, client->socket, address, length);
  return result == -EINPROGRESS ? 0 : result;
}

static int send_text(struct echo_client* client) {
  const ssize_t n = glasstcp_send(client->stack, client->socket, client->text + client->sent,
                                  client->length - client->sent, MSG_NOSIGNAL);
  if (n < 0) return (int)n;
  client->sent += (size_t)n;
  return client->sent == client->length ? glasstcp_shutdown(client->stack, client->socket, SHUT_WR)
                                        : 0;
}

static int receive_answer(struct echo_client* client) {
  for (;;) {
    const ssize_t n =
        glasstcp_recv(client->stack, client->socket, client->answer + client->answered,
                      sizeof client->answer - client->answered, 0);
    if (n < 0) return (int)n;
    if (n == 0) {
      client->done = 1;
      return glasstcp_close(client->stack, client->socket);
    }
    client->answered += (size_t)n;
  }
}

int echo_client_step(struct echo_client* client) {
  struct glasstcp_pollfd fd;
  int error = 0;
  socklen_t length = sizeof error;
  int result = 0;

  if (client->done) return 0;
  fd.handle = client->socket;
  fd.events = POLLIN | POLLOUT;
  fd.revents = 0;
  if (glasstcp_poll(client->stack, &fd, 1) <= 0) return 0;
  glasstcp_getsockopt(client->stack, client->socket, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return -error;
  if ((fd.revents & POLLOUT) != 0 && client->sent < client->length) result = send_text(client);
  if (result == 0 && (fd.revents & POLLIN) != 0) result = receive_answer(client);
  return result == -EAGAIN ? 0 : result;
}
