/*
 * A load generator for DHCPv4 servers, where perfdhcp itself is the limit: 4-message exchanges as a relay agent sends them, at a
 * steady rate whatever the server does, in batches, on one core. The messages are octet for octet those of perfdhcp.
 *
 *     storm <own address> <server address> <exchanges per second> <seconds> <clients> [<most at a time>]
 *
 * With the last argument an exchange begins only when fewer than so many are under way: what a server can do at most.
 * With STORM_PXE in the environment each exchange is a DISCOVER of UEFI firmware that boots from the network, and its OFFER: what a
 * proxyDHCP server answers. Then the OFFER counts as the ACK.
 * Client n has MAC 02:00:00:00:00:00 + n. Prints one line of JSON: exchanges begun, OFFERs and ACKs within a second of what they
 * answer, exchanges per second (ACKs over the time from the first message sent to the last ACK), and delays in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define ROOM 1500
#define DISCOVER_LENGTH 262
#define REQUEST_LENGTH 274
#define LOST_AFTER 1000000000ll

static uint8_t in[BATCH][ROOM], out[BATCH][ROOM];
static struct iovec in_vector[BATCH], out_vector[BATCH];
static struct mmsghdr received[BATCH], sent[BATCH];
static struct sockaddr_in server;
static uint32_t own, clients;
static int fd, queued, pxe;
static int64_t *begun, *requested;
static uint32_t *offer_delay, *ack_delay;
static uint32_t exchanges, offers, acks, refused;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void fail(const char *call) {
  perror(call);
  exit(1);
}

static void flush(void) {
  for (int done = 0; done < queued;) {
    int some = sendmmsg(fd, sent + done, queued - done, 0);
    if (some < 0 && errno != EINTR && errno != EAGAIN && errno != ENOBUFS) fail("sendmmsg");
    if (some > 0) done += some;
  }
  queued = 0;
}

/* Header as of a relay agent, then 53 and whatever is put before the rest. */
static uint8_t *message(uint32_t number, uint8_t type) {
  uint8_t *bytes = out[queued];
  uint32_t xid = htonl(number), client = number % clients;
  memset(bytes, 0, 240);
  bytes[0] = bytes[1] = bytes[3] = 1;
  bytes[2] = 6;
  memcpy(bytes + 4, &xid, 4);
  memcpy(bytes + 24, &own, 4);
  bytes[28] = 2;
  bytes[31] = client >> 16;
  bytes[32] = client >> 8;
  bytes[33] = client;
  memcpy(bytes + 236, "\x63\x82\x53\x63\x35\x01", 6);
  bytes[242] = type;
  return bytes + 243;
}

static void put(uint8_t *end, const uint8_t *chaddr, size_t length) {
  memcpy(end, "\x37\x07\x01\x1c\x02\x03\x0f\x06\x0c\x3d\x07\x01", 12);
  memcpy(end + 12, chaddr, 6);
  end[18] = 255;
  out_vector[queued].iov_len = length;
  if (++queued == BATCH) flush();
}

/* What OVMF sends besides 53: 55, 57, 60, 93, 94 and 97. */
static void put_firmware(uint8_t *end) {
  static const char options[] =
    "\x37\x23\x01\x02\x03\x04\x05\x06\x0c\x0d\x0f\x11\x12\x16\x17\x1c\x28\x29\x2a\x2b\x32\x33\x36\x3a\x3b\x3c\x42\x43\x61"
    "\x80\x81\x82\x83\x84\x85\x86\x87" "\x39\x02\x05\xc0" "\x3c\x20PXEClient:Arch:00007:UNDI:003016" "\x5d\x02\x00\x07"
    "\x5e\x03\x01\x03\x10" "\x61\x11\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa";
  memcpy(end, options, sizeof options - 1);
  memcpy(end + sizeof options - 1, out[queued] + 28, 6);
  end[sizeof options + 5] = 255;
  out_vector[queued].iov_len = end + sizeof options + 6 - out[queued];
  if (++queued == BATCH) flush();
}

static void discover(int64_t time) {
  uint8_t *end = message(exchanges, 1);
  begun[exchanges++] = time;
  if (pxe) put_firmware(end);
  else put(end, end - 243 + 28, DISCOVER_LENGTH);
}

static void request(const uint8_t *offer, const uint8_t *identifier, uint32_t number, int64_t time) {
  uint8_t *end = message(number, 3);
  end[0] = 50;
  end[1] = 4;
  memcpy(end + 2, offer + 16, 4);
  memcpy(end + 6, identifier, 6);
  requested[number] = time;
  put(end + 12, offer + 28, REQUEST_LENGTH);
}

/* Where an option begins; NULL if there is none. */
static const uint8_t *find(const uint8_t *bytes, size_t length, uint8_t code) {
  for (size_t at = 240; at + 1 < length && bytes[at] != 255;) {
    if (bytes[at] == code) return bytes + at;
    at += bytes[at] == 0 ? 1 : 2 + bytes[at + 1];
  }
  return NULL;
}

static void reply(const uint8_t *bytes, size_t length, int64_t time) {
  const uint8_t *type = find(bytes, length, 53), *identifier = find(bytes, length, 54);
  if (length < 241 || type == NULL || identifier == NULL) return;
  uint32_t number;
  memcpy(&number, bytes + 4, 4);
  number = ntohl(number);
  if (number >= exchanges) return;
  if (type[2] == 2 && requested[number] == 0 && time - begun[number] < LOST_AFTER) {
    offer_delay[offers++] = (time - begun[number]) / 1000;
    if (pxe) requested[number] = begun[number];
    if (pxe) ack_delay[acks++] = offer_delay[offers - 1];
    else
    request(bytes, identifier, number, time);
  } else if (type[2] == 5 && requested[number] > 0 && time - requested[number] < LOST_AFTER) {
    ack_delay[acks++] = (time - requested[number]) / 1000;
    requested[number] = -1;
  } else if (type[2] == 6) refused++;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void print_delays(const char *name, uint32_t *delays, uint32_t count) {
  qsort(delays, count, sizeof *delays, ascending);
  uint32_t last = count == 0 ? 0 : count - 1;
  printf(",\"%s\":{\"p50\":%u,\"p99\":%u,\"max\":%u}", name, delays[count / 2], delays[(uint64_t)last * 99 / 100],
         delays[last]);
}

static void *array(size_t count, size_t size) {
  void *memory = calloc(count + 1, size);
  if (memory == NULL) fail("calloc");
  return memory;
}

int main(int count, char **arguments) {
  if (count != 6 && count != 7) {
    fprintf(stderr, "usage: storm <own address> <server address> <exchanges per second> <seconds> <clients> [<most at a time>]\n");
    return 2;
  }
  double rate = atof(arguments[3]), seconds = atof(arguments[4]);
  uint32_t all = rate * seconds;
  pxe = getenv("STORM_PXE") != NULL;
  own = inet_addr(arguments[1]);
  clients = atoi(arguments[5]);
  uint32_t window = count == 7 ? atoi(arguments[6]) : all;
  begun = array(all, sizeof *begun);
  requested = array(all, sizeof *requested);
  offer_delay = array(all, sizeof *offer_delay);
  ack_delay = array(all, sizeof *ack_delay);
  fd = socket(AF_INET, SOCK_DGRAM, 0);
  int room = 16 << 20;
  if (fd < 0) fail("socket");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0) fail("receive buffer");
  struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = own};
  if (bind(fd, (struct sockaddr *)&local, sizeof local) < 0) fail("bind");
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(67), .sin_addr.s_addr = inet_addr(arguments[2])};
  for (int i = 0; i < BATCH; i++) {
    in_vector[i] = (struct iovec){in[i], ROOM};
    received[i].msg_hdr = (struct msghdr){.msg_iov = &in_vector[i], .msg_iovlen = 1};
    out_vector[i] = (struct iovec){out[i], 0};
    sent[i].msg_hdr = (struct msghdr){.msg_name = &server, .msg_iov = &out_vector[i], .msg_iovlen = 1};
    sent[i].msg_hdr.msg_namelen = sizeof server;
  }
  int64_t start = now(), last = start, time = start, end_of_sending = 0;
  while (acks < all && (end_of_sending == 0 || time - end_of_sending < LOST_AFTER)) {
    int got = recvmmsg(fd, received, BATCH, MSG_DONTWAIT, NULL);
    time = now();
    uint32_t before = acks;
    for (int i = 0; i < got; i++) reply(in[i], received[i].msg_len, time);
    if (acks > before) last = time;
    uint32_t due = (time - start) * rate / 1e9;
    if (due > all) due = all;
    if (due > acks + window) due = acks + window;
    /* After a pause of the scheduler what is due comes in batches, with the replies read in between. */
    for (int i = 0; i < BATCH && exchanges < due; i++) discover(time);
    flush();
    if (end_of_sending == 0 && (exchanges == all || (count == 7 && time - start > seconds * 1e9)))
      end_of_sending = time, all = exchanges;
  }
  printf("{\"begun\":%u,\"offers\":%u,\"acks\":%u,\"naks\":%u,\"rate\":%.0f,\"sending\":%.3f", exchanges, offers, acks, refused,
         last > start ? acks * 1e9 / (last - start) : 0, (end_of_sending - start) / 1e9);
  print_delays("offer", offer_delay, offers);
  print_delays("ack", ack_delay, acks);
  puts("}");
}
