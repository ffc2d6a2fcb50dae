/*
 * The least a DHCP server can do: no lease, no look-up, no log. Reads and writes datagrams in batches (recvmmsg, sendmmsg) and
 * answers DISCOVER with OFFER and REQUEST with ACK, with the options that the servers measured beside it send. What it
 * reaches is what the kernel and the client allow; nothing that decides anything can be faster.
 *
 *     ceiling <interface> <server address> <first address of the clients>
 *
 * Client n, by the last three octets of its MAC, has address first + n.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define ROOM 2048

static uint8_t in[BATCH][ROOM], out[BATCH][ROOM];
static struct sockaddr_in from[BATCH], to[BATCH];
static struct iovec in_vector[BATCH], out_vector[BATCH];
static struct mmsghdr received[BATCH], sent[BATCH];

static void fail(const char *call) {
  perror(call);
  exit(1);
}

static uint8_t *option(uint8_t *at, uint8_t code, uint8_t length, const void *value) {
  *at++ = code;
  *at++ = length;
  memcpy(at, value, length);
  return at + length;
}

/* The message type, and where option 61 begins; 0 for anything that is no DHCP message. */
static uint8_t read_options(const uint8_t *message, size_t length, const uint8_t **identifier) {
  uint8_t type = 0;
  *identifier = NULL;
  for (size_t at = 240; at + 1 < length && message[at] != 255;) {
    if (message[at] == 0) {
      at++;
      continue;
    }
    size_t next = at + 2 + message[at + 1];
    if (next > length) return 0;
    if (message[at] == 53 && message[at + 1] == 1) type = message[at + 2];
    if (message[at] == 61) *identifier = message + at;
    at = next;
  }
  return type;
}

static size_t answer(const uint8_t *request, size_t length, uint8_t *reply, uint32_t server, uint32_t first) {
  const uint8_t *identifier;
  if (length < 244 || request[0] != 1) return 0;
  uint8_t type = read_options(request, length, &identifier);
  if (type != 1 && type != 3) return 0;
  uint32_t number = request[31] << 16 | request[32] << 8 | request[33];
  uint32_t address = htonl(first + number), mask = htonl(0xffff0000), gateway = htonl(server + 1);
  uint32_t broadcast = htonl(server | 0xffff), me = htonl(server), lease = htonl(86400), half = htonl(43200),
           later = htonl(75600);
  uint8_t answer_type = type == 1 ? 2 : 5;
  memset(reply, 0, 300);
  memcpy(reply, request, 28);
  reply[0] = 2;
  reply[3] = 0;
  memcpy(reply + 16, &address, 4);
  memcpy(reply + 24, request + 24, 4);
  memcpy(reply + 28, request + 28, 16);
  memcpy(reply + 236, "\x63\x82\x53\x63", 4);
  uint8_t *end = reply + 240;
  end = option(end, 1, 4, &mask);
  end = option(end, 3, 4, &gateway);
  end = option(end, 6, 4, &gateway);
  end = option(end, 15, 11, "lab.example");
  end = option(end, 28, 4, &broadcast);
  end = option(end, 51, 4, &lease);
  end = option(end, 53, 1, &answer_type);
  end = option(end, 54, 4, &me);
  end = option(end, 58, 4, &half);
  end = option(end, 59, 4, &later);
  if (identifier != NULL) end = option(end, 61, identifier[1], identifier + 2);
  *end++ = 255;
  return end - reply < 300 ? 300 : (size_t)(end - reply);
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: ceiling <interface> <server address> <first client address>\n");
    return 2;
  }
  uint32_t server = ntohl(inet_addr(arguments[2])), first = ntohl(inet_addr(arguments[3]));
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  int room = 8 << 20, one = 1;
  if (fd < 0) fail("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, arguments[1], strlen(arguments[1]) + 1) < 0) fail("bind to device");
  if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one) < 0) fail("broadcast");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0) fail("receive buffer");
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(67)};
  if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0) fail("bind");
  for (int i = 0; i < BATCH; i++) {
    in_vector[i] = (struct iovec){in[i], ROOM};
    received[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_iov = &in_vector[i], .msg_iovlen = 1};
    out_vector[i] = (struct iovec){out[i], 0};
    sent[i].msg_hdr = (struct msghdr){.msg_name = &to[i], .msg_iov = &out_vector[i], .msg_iovlen = 1};
    sent[i].msg_hdr.msg_namelen = sizeof to[i];
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    for (int i = 0; i < BATCH; i++) received[i].msg_hdr.msg_namelen = sizeof from[i];
    int got = recvmmsg(fd, received, BATCH, MSG_WAITFORONE, NULL);
    if (got < 0) {
      if (errno == EINTR) continue;
      fail("recvmmsg");
    }
    int answers = 0;
    for (int i = 0; i < got; i++) {
      size_t length = answer(in[i], received[i].msg_len, out[answers], server, first);
      if (length == 0) continue;
      out_vector[answers].iov_len = length;
      to[answers] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(67)};
      memcpy(&to[answers].sin_addr, in[i] + 24, 4);
      if (to[answers].sin_addr.s_addr == 0) {
        to[answers].sin_addr.s_addr = htonl(INADDR_BROADCAST);
        to[answers].sin_port = htons(68);
      }
      answers++;
    }
    for (int done = 0; done < answers;) {
      int some = sendmmsg(fd, sent + done, answers - done, 0);
      done += some > 0 ? some : 1;
    }
  }
}
