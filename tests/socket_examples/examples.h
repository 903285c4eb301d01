/*
 * What the two examples share with the program that runs them: a host gives each of them a stack,
 * calls its step whenever something may have changed, and moves the packets.
 *
 * Next: serve.c, connect.c.
 */
#ifndef GLASSTCP_EXAMPLES_H
#define GLASSTCP_EXAMPLES_H

#include "stack/socket/glasstcp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A server that sends back what it receives, one client at a time. */
struct echo_server {
  struct glasstcp_stack* stack;
  glasstcp_handle listener;
  glasstcp_handle client; /* 0: none */
  size_t served;          /* clients that were served to the end */
};
/* 0 or -errno. */
int echo_server_start(struct echo_server* server, struct glasstcp_stack* stack, uint16_t port);
/* Does what can be done now. 0 or -errno. */
int echo_server_step(struct echo_server* server);

/* A client that sends a text, says that it is done, and collects the answer. */
struct echo_client {
  struct glasstcp_stack* stack;
  glasstcp_handle socket;
  const char* text;
  size_t length;
  size_t sent;
  char answer[256];
  size_t answered;
  int done; /* 1: the peer closed too, and so did we */
};
/* `address` is the server's, AF_INET or AF_INET6. 0 or -errno. */
int echo_client_start(struct echo_client* client, struct glasstcp_stack* stack,
                      const struct sockaddr* address, socklen_t length, const char* text);
/* Does what can be done now. 0 or -errno. */
int echo_client_step(struct echo_client* client);

#ifdef __cplusplus
}
#endif

#endif
