-- Steps of clients, carried out on the books in Redis as LeaseTable carries them out in memory; all of them or none.
--
-- KEYS  rows      hash    address → state|expiresAt|home|client   state: o(ffered) b(ound) d(eclined) f(ree), as in LeaseRecord
--       clients   hash    client → addresses it has or had, in the order it got them
--       expiry    zset    addresses that are not free, by expiresAt
--       marks     hash    range → the first address of it that nobody looked at yet
--                         lost <range> → the first address of it that has gone to another range
--       reserved  zset    reserved addresses, by when a replica last said so
--       meta      hash    seq: counts the changes; clock: the time of the last step; watched: until then leases that end are told of
--       events    stream  changes, their number as id, for the other replicas
--       prefix    of further keys: free:<range> (zset: free addresses by the time they became free), history:<address> (list),
--                 lent (hash: address → until|replica, free addresses of which that replica disposes when it is cut off),
--                 lent-expiry (zset: these addresses, by until), lent:<range> (set of them),
--                 holds (hash: address → until|client, who it is kept for), holding (hash: client → addresses kept for it),
--                 hold-expiry (zset: addresses that are kept, by until)
-- ARGV  now       milliseconds; empty: by the clock of Redis
--       known     the highest seq the caller has seen
--       deadline  by the clock of Redis: the caller does not wait any longer, do nothing
--       work      JSON {pools, steps, watch}; watch: for so many milliseconds leases that end are told of
-- Gives { 'ok' | 'late' | 'lost', now, seq, results, changes, lent, wanted }
local ROWS, CLIENTS, EXPIRY, MARKS, RESERVED, META, EVENTS, PREFIX = unpack(KEYS)
local NEVER = 9007199254740991
local STALE = 3600 * 1000 -- reserved addresses that no replica speaks of any more
local EVENTS_KEPT, HISTORY_KEPT = 100000, 50
local HOLDS, HOLDING, HOLD_EXPIRY = PREFIX .. 'holds', PREFIX .. 'holding', PREFIX .. 'hold-expiry'
local LENT, LENT_EXPIRY, LENT_IN, LENT_AT_ONCE = PREFIX .. 'lent', PREFIX .. 'lent-expiry', PREFIX .. 'lent:', 500

local call = redis.call
local now, seq, anyLent, anyHeld, isWatched
local rows, reservations, holds, changed = {}, {}, {}, {}
local lent, lentTold, wanted = {}, {}, {}

local function text(number) return string.format('%.0f', number) end
local function member(address) return string.format('%010.0f', address) end

-- The time never goes back, not even when the clock does or another Redis takes over.
local function readClock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]), 0 end
  local time = call('TIME')
  local clock = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local last = tonumber(call('HGET', META, 'clock') or '0')
  if clock > last then call('HSET', META, 'clock', text(clock)) end
  return math.max(clock, last), clock
end

-- To which replica an address is lent, and until when; false: to none.
local function lendingOf(address)
  if not anyLent then return false end
  if lent[address] == nil then
    local packed = call('HGET', LENT, text(address))
    local expiresAt, replica = string.match(packed or '', '^(%d+)|(.*)$')
    lent[address] = packed and { replica = replica, expiresAt = tonumber(expiresAt), packed = packed }
  end
  return lent[address]
end

local function isReserved(address)
  if reservations[address] == nil then reservations[address] = call('ZSCORE', RESERVED, member(address)) ~= false end
  return reservations[address] or lendingOf(address)
end

-- Who the address is kept for; false: nobody.
local function holdOn(address)
  if not anyHeld then return false end
  if holds[address] == nil then
    local packed = call('HGET', HOLDS, text(address))
    local expiresAt, client = string.match(packed or '', '^(%d+)|(.*)$')
    holds[address] = packed and { client = client, address = address, expiresAt = tonumber(expiresAt) }
  end
  return holds[address]
end

local function isKept(address) return isReserved(address) or holdOn(address) end

local function pack(row) return row.state .. '|' .. text(row.expiresAt) .. '|' .. row.home .. '|' .. row.client end

local function save(row)
  call('HSET', ROWS, text(row.address), pack(row))
  changed[row.address] = row
end

local function addressesIn(key, client)
  local addresses = {}
  for address in string.gmatch(call('HGET', key, client) or '', '%d+') do addresses[#addresses + 1] = tonumber(address) end
  return addresses
end

local function addressesOf(client) return addressesIn(CLIENTS, client) end

local function belong(row, client)
  if row.client ~= '' then
    local others = {}
    for _, address in ipairs(addressesOf(row.client)) do
      if address ~= row.address then others[#others + 1] = text(address) end
    end
    if #others == 0 then call('HDEL', CLIENTS, row.client) else call('HSET', CLIENTS, row.client, table.concat(others, ',')) end
  end
  row.client = client
  if client == '' then return end
  local before = call('HGET', CLIENTS, client)
  call('HSET', CLIENTS, client, (before and before .. ',' or '') .. text(row.address))
end

local function set(row, client, state, expiresAt)
  if row.state == 'f' then
    if row.home ~= '' then call('ZREM', PREFIX .. 'free:' .. row.home, member(row.address)) end
  elseif state == 'f' then
    call('ZREM', EXPIRY, member(row.address))
  end
  if row.client ~= client then belong(row, client) end
  row.state, row.expiresAt = state, expiresAt
  if state ~= 'f' then
    call('ZADD', EXPIRY, text(expiresAt), member(row.address))
  elseif row.home ~= '' and not isKept(row.address) then
    call('ZADD', PREFIX .. 'free:' .. row.home, text(expiresAt), member(row.address))
  end
  save(row)
end

-- What changed: for the other replicas, and for the history. `held`: what it says now of who the address is kept for.
local function tell(row, kind, expiresAt, client, at, held)
  seq = seq + 1
  call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, text(seq) .. '-1', 'at', text(at), 'kind', kind, 'address', text(row.address),
    'row', pack(row), 'until', text(expiresAt), 'client', client, 'hold', held or '')
  if kind == '' or kind == 'expired' then return end
  local history = PREFIX .. 'history:' .. text(row.address)
  call('LPUSH', history, text(at) .. '|' .. kind .. '|' .. text(expiresAt) .. '|' .. client)
  call('LTRIM', history, 0, HISTORY_KEPT - 1)
end

-- A declined address is remembered as nobody's: who declined it would only find it in use again.
local function lastClientOf(row) return row.state == 'd' and '' or row.client end

local function lapse(row)
  local client, state = row.client, row.state
  set(row, lastClientOf(row), 'f', row.expiresAt)
  if isWatched and state ~= 'o' then tell(row, 'expired', row.expiresAt, client, row.expiresAt) end
end

local function known(address)
  if rows[address] == nil then
    local packed = call('HGET', ROWS, text(address))
    if not packed then
      rows[address] = false
    else
      local state, expiresAt, home, client = string.match(packed, '^(.)|(%d+)|([^|]*)|(.*)$')
      local row = { address = address, state = state, expiresAt = tonumber(expiresAt), home = home, client = client }
      rows[address] = row
      if state ~= 'f' and row.expiresAt <= now then lapse(row) end
    end
  end
  return rows[address]
end

local function rowOf(address)
  local row = known(address)
  if not row then
    row = { address = address, state = 'f', expiresAt = 0, home = '', client = '' }
    rows[address] = row
  end
  return row
end

local function expire(limit)
  local due = call('ZRANGEBYSCORE', EXPIRY, '-inf', text(now), 'LIMIT', 0, limit)
  for _, address in ipairs(due) do
    local row = known(tonumber(address))
    if not row or row.state == 'f' then call('ZREM', EXPIRY, address) end
  end
end

local function hold(row, client, state, expiresAt)
  local renewed = row.state == state and row.client == client
  set(row, client, state, expiresAt)
  if state == 'b' then tell(row, renewed and '' or 'bound', expiresAt, client, now) end
  if state == 'd' then tell(row, renewed and '' or 'declined', expiresAt, client, now) end
  return row
end

local function giveBack(row)
  local state, expiresAt, client = row.state, row.expiresAt, row.client
  set(row, lastClientOf(row), 'f', now)
  tell(row, state == 'o' and '' or 'released', expiresAt, client, now)
end

local function forget(hold)
  local others = {}
  for _, address in ipairs(addressesIn(HOLDING, hold.client)) do
    if address ~= hold.address then others[#others + 1] = text(address) end
  end
  if #others == 0 then call('HDEL', HOLDING, hold.client) else call('HSET', HOLDING, hold.client, table.concat(others, ',')) end
  call('HDEL', HOLDS, text(hold.address))
  call('ZREM', HOLD_EXPIRY, member(hold.address))
  holds[hold.address] = false
end

local function letGo(hold, at)
  forget(hold)
  local row = rowOf(hold.address)
  if row.state == 'f' and row.home ~= '' and not isReserved(row.address) then
    call('ZADD', PREFIX .. 'free:' .. row.home, text(row.expiresAt), member(row.address))
  end
  tell(row, 'unreserved', hold.expiresAt, hold.client, at)
end

local function keep(row, client, expiresAt)
  local before = holdOn(row.address)
  if before then forget(before) end
  anyHeld = true
  holds[row.address] = { client = client, address = row.address, expiresAt = expiresAt }
  local others = addressesIn(HOLDING, client)
  others[#others + 1] = row.address
  for i, address in ipairs(others) do others[i] = text(address) end
  call('HSET', HOLDING, client, table.concat(others, ','))
  call('HSET', HOLDS, text(row.address), text(expiresAt) .. '|' .. client)
  call('ZADD', HOLD_EXPIRY, text(expiresAt), member(row.address))
  if row.state == 'f' and row.home ~= '' then call('ZREM', PREFIX .. 'free:' .. row.home, member(row.address)) end
  if not before or before.expiresAt ~= expiresAt then
    tell(row, 'reserved', expiresAt, client, now, text(expiresAt) .. '|' .. client)
  end
  return { address = row.address, client = client, state = 'o', expiresAt = expiresAt }
end

local function tellLending(row, packed)
  seq = seq + 1
  call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, text(seq) .. '-1', 'at', text(now), 'kind', '', 'address', text(row.address),
    'row', pack(row), 'until', '0', 'lent', packed)
  lentTold[#lentTold + 1] = { text(row.address), packed }
end

-- The row is free.
local function lend(row, replica, expiresAt)
  local packed = text(expiresAt) .. '|' .. replica
  anyLent = true
  lent[row.address] = { replica = replica, expiresAt = expiresAt, packed = packed }
  call('HSET', LENT, text(row.address), packed)
  call('ZADD', LENT_EXPIRY, text(expiresAt), member(row.address))
  if row.home ~= '' then
    call('SADD', LENT_IN .. row.home, text(row.address))
    call('ZREM', PREFIX .. 'free:' .. row.home, member(row.address))
  end
  save(row)
  tellLending(row, packed)
end

local function takeBack(row)
  lent[row.address] = false
  call('HDEL', LENT, text(row.address))
  call('ZREM', LENT_EXPIRY, member(row.address))
  if row.home ~= '' then
    call('SREM', LENT_IN .. row.home, text(row.address))
    if row.state == 'f' and not isKept(row.address) then
      call('ZADD', PREFIX .. 'free:' .. row.home, text(row.expiresAt), member(row.address))
    end
  end
  tellLending(row, '')
end

local function after(milliseconds) return milliseconds < 0 and NEVER or now + milliseconds end
local function isHeld(row) return row and (row.state == 'o' or row.state == 'b') end

local function inPool(pool, address)
  for _, range in ipairs(pool.ranges) do
    if range[1] <= address and address <= range[2] then return true end
  end
  return false
end

local function mayHave(step, address)
  if lendingOf(address) then return false end
  if address ~= step.reserved and (isReserved(address) or not inPool(step.pool, address)) then return false end
  local held = address ~= step.reserved and holdOn(address)
  if held and held.client ~= step.client then return false end
  local row = known(address)
  if not row or row.state == 'f' then return true end
  return row.client == step.client and row.state ~= 'd'
end

local function isUnused(row) return not row or (row.state == 'f' and row.client == '' and row.expiresAt == 0) end

-- The range is the address's home from now on; it may have had another before the pools were changed.
-- A change of the pools back may give it back: see anyFree.
local function move(row, range)
  if row.home ~= '' then
    local lost = tonumber(call('HGET', MARKS, 'lost ' .. row.home) or '')
    if not lost or row.address < lost then call('HSET', MARKS, 'lost ' .. row.home, text(row.address)) end
  end
  row.home = range
end

local function settle(address, range)
  local row = rowOf(address)
  if row.home == range then return end
  if row.state == 'f' and row.home ~= '' then call('ZREM', PREFIX .. 'free:' .. row.home, member(address)) end
  move(row, range)
  if row.state == 'f' and not isKept(address) then
    call('ZADD', PREFIX .. 'free:' .. range, text(row.expiresAt), member(address))
  end
  save(row)
end

local function takeNew(range, name)
  local first = tonumber(call('HGET', MARKS, name) or text(range[1]))
  for address = first, range[2] do
    if isUnused(known(address)) and not isKept(address) then
      call('HSET', MARKS, name, text(address + 1))
      local row = rowOf(address)
      if row.home ~= '' then call('ZREM', PREFIX .. 'free:' .. row.home, member(address)) end
      move(row, name)
      return address
    end
    settle(address, name)
  end
  if first <= range[2] then call('HSET', MARKS, name, text(range[2] + 1)) end
end

local function longestFree(name)
  local line = PREFIX .. 'free:' .. name
  while true do
    local first = call('ZRANGE', line, 0, 0, 'WITHSCORES')
    local due = call('ZRANGEBYSCORE', EXPIRY, '-inf', text(now), 'WITHSCORES', 'LIMIT', 0, 1)
    if due[1] and (not first[1] or tonumber(due[2]) <= tonumber(first[2])) then
      expire(100)
    elseif not first[1] then
      return nil
    elseif isKept(tonumber(first[1])) then
      call('ZREM', line, first[1])
    else
      return tonumber(first[1])
    end
  end
end

local function nameOf(range) return text(range[1]) .. '-' .. text(range[2]) end

local function freeOf(pool)
  for _, range in ipairs(pool.ranges) do
    local address = takeNew(range, nameOf(range))
    if address then return address end
  end
  for _, range in ipairs(pool.ranges) do
    local address = longestFree(nameOf(range))
    if address then return address end
  end
end

-- The mark of a range goes back to where addresses were lost; false when there are none to look for.
local function rewind(name)
  local lost = tonumber(call('HGET', MARKS, 'lost ' .. name) or '')
  if not lost then return false end
  call('HDEL', MARKS, 'lost ' .. name)
  local mark = tonumber(call('HGET', MARKS, name) or '')
  if mark and lost < mark then call('HSET', MARKS, name, text(lost)) end
  return true
end

-- What the pools before these took over is looked for only when there is nothing else.
local function anyFree(pool)
  local address, again = freeOf(pool), false
  if address then return address end
  for _, range in ipairs(pool.ranges) do again = rewind(nameOf(range)) or again end
  if again then return freeOf(pool) end
end

-- The order of RFC 2131 section 4.3.1.
local function choose(step)
  if step.reserved and mayHave(step, step.reserved) then return step.reserved end
  if anyHeld then
    local held = addressesIn(HOLDING, step.client)
    table.sort(held)
    for _, address in ipairs(held) do
      if mayHave(step, address) then return address end
    end
  end
  local had
  for _, address in ipairs(addressesOf(step.client)) do
    if mayHave(step, address) then
      if rowOf(address).state ~= 'f' then return address end
      had = address
    end
  end
  if had then return had end
  if step.requested and mayHave(step, step.requested) then return step.requested end
  return anyFree(step.pool)
end

local STEPS = {}

function STEPS.offer(step)
  local address = choose(step)
  if not address then return nil end
  local row, untilThen = rowOf(address), after(step.pool.offerTime)
  local known = row.client == step.client and row.state ~= 'o'
  if row.state ~= 'b' then return hold(row, step.client, 'o', untilThen), known end
  set(row, step.client, 'b', math.max(row.expiresAt, untilThen))
  return row, known
end

function STEPS.bind(step)
  local address = step.requested
  if address and lendingOf(address) then return { address = address, client = '', state = 'l', expiresAt = 0 } end
  if not address or not mayHave(step, address) then return nil end
  for _, other in ipairs(addressesOf(step.client)) do
    local row = known(other)
    if other ~= address and isHeld(row) and inPool(step.pool, other) then giveBack(row) end
  end
  return hold(rowOf(address), step.client, 'b', after(step.pool.leaseTime))
end

function STEPS.release(step)
  local row = known(step.requested)
  if not isHeld(row) or row.client ~= step.client then return nil end
  local lease = { address = row.address, client = row.client, state = row.state, expiresAt = row.expiresAt }
  giveBack(row)
  return lease
end

function STEPS.decline(step)
  local address = step.requested
  if not address then return nil end
  local row = known(address)
  local holds = isHeld(row) and row.client == step.client
  local owns = address == step.reserved and (not row or row.state == 'f')
  if not holds and not owns then return nil end
  return hold(rowOf(address), step.client, 'd', after(step.pool.quarantineTime))
end

function STEPS.hold(step)
  local address = step.requested
  if lendingOf(address) then return { address = address, client = '', state = 'l', expiresAt = 0 } end
  local row, held = known(address), holdOn(address)
  if isReserved(address) or (held and held.client ~= step.client) then return nil end
  if row and (row.state == 'd' or (row.state ~= 'f' and row.client ~= step.client)) then return nil end
  return keep(rowOf(address), step.client, after(step.time))
end

function STEPS.free(step)
  local address = step.requested
  local held = step.what ~= 'lease' and holdOn(address)
  local lease
  if held and held.client == step.client then
    lease = { address = address, client = held.client, state = 'o', expiresAt = held.expiresAt }
    letGo(held, now)
  end
  local row = step.what ~= 'hold' and known(address)
  if not row or row.state == 'f' or row.client ~= step.client then return lease end
  lease = { address = address, client = row.client, state = row.state, expiresAt = row.expiresAt }
  giveBack(row)
  return lease
end

-- An address that is kept for a client as far as a replica knows, and of which these books say nothing.
function STEPS.rehold(step)
  if step.expiresAt > now and not holdOn(step.requested) then keep(rowOf(step.requested), step.client, step.expiresAt) end
end

-- A lease or a quarantine that a replica knows of and that these books do not have, or have as ending earlier. A quarantine began after the
-- lease of the client that found the address in use. What the replica has made of an address that was lent to it takes the place of that.
function STEPS.restore(step)
  local row, lending = rowOf(step.requested), lendingOf(step.requested)
  if step.expiresAt <= now or (lending and lending.replica ~= step.replica) then return nil end
  if lending then takeBack(row) end
  local own = row.client == step.client and (row.state ~= 'd' or step.state == 'd')
  if row.state ~= 'f' and not own then return nil end
  if row.state == 'b' and step.state == 'o' then return row end
  local same = row.state == step.state or (row.state == 'o' and step.state == 'b')
  return hold(row, step.client, step.state, same and math.max(row.expiresAt, step.expiresAt) or step.expiresAt)
end

function STEPS.reserve(step)
  for _, address in ipairs(step.addresses) do
    call('ZADD', RESERVED, text(now), member(address))
    reservations[address] = true
    local row, lending = known(address), lendingOf(address)
    if row then changed[address] = row end
    if lending then lentTold[#lentTold + 1] = { text(address), lending.packed } end
  end
end

-- Lends a replica so many of the free addresses of a range that it has the part it wants; half of them stay for everybody.
function STEPS.lend(step)
  local range, have = step.range, step.have
  local name = nameOf(range)
  local unseen = range[2] + 1 - tonumber(call('HGET', MARKS, name) or text(range[1]))
  local free = call('ZCARD', PREFIX .. 'free:' .. name) + unseen
  local others = call('SCARD', LENT_IN .. name) - have
  local part = math.floor((free + have) * step.percent / 100)
  local want = math.max(0, math.min(part, math.floor((free + have - others) / 2)))
  wanted[#wanted + 1] = text(want)
  for _ = 1, math.min(want - have, LENT_AT_ONCE) do
    local address = takeNew(range, name) or longestFree(name)
    if not address then return end
    lend(rowOf(address), step.replica, now + step.time)
  end
end

function STEPS.relend(step)
  local row = rowOf(step.address)
  if step.expiresAt > now and row.state == 'f' and not lendingOf(step.address) then lend(row, step.replica, step.expiresAt) end
end

function STEPS.extend(step)
  for _, address in ipairs(step.addresses) do
    local lending = lendingOf(address)
    if lending and lending.replica == step.replica then lend(rowOf(address), step.replica, now + step.time) end
  end
end

function STEPS.takeBack(step)
  for _, address in ipairs(step.addresses) do
    local lending = lendingOf(address)
    if lending and lending.replica == step.replica then takeBack(rowOf(address)) end
  end
end

function STEPS.unreserve(step)
  for _, address in ipairs(step.addresses) do
    call('ZREM', RESERVED, member(address))
    reservations[address] = false
    local row = known(address)
    if row and row.state == 'f' and row.home ~= '' and not isKept(address) then
      call('ZADD', PREFIX .. 'free:' .. row.home, text(row.expiresAt), member(address))
    end
  end
end

local clock
now, clock = readClock()
local counted, watched = unpack(call('HMGET', META, 'seq', 'watched'))
seq, isWatched = tonumber(counted or '0'), tonumber(watched or '0') > now
local before = seq
if ARGV[3] ~= '' and clock > tonumber(ARGV[3]) then return { 'late', text(now), text(seq), {}, {}, {}, {} } end
if seq < tonumber(ARGV[2]) then return { 'lost', text(now), text(seq), {}, {}, {}, {} } end

local work = cjson.decode(ARGV[4])
if work.watch then
  isWatched = true
  call('HSET', META, 'watched', text(now + work.watch))
end
anyLent, anyHeld = call('HLEN', LENT) > 0, call('HLEN', HOLDS) > 0
expire(isWatched and 1000 or 200)
if anyHeld then
  for _, address in ipairs(call('ZRANGEBYSCORE', HOLD_EXPIRY, '-inf', text(now), 'LIMIT', 0, 1000)) do
    local held = holdOn(tonumber(address))
    if held then letGo(held, held.expiresAt) else call('ZREM', HOLD_EXPIRY, address) end
  end
end
if anyLent then
  for _, address in ipairs(call('ZRANGEBYSCORE', LENT_EXPIRY, '-inf', text(now), 'LIMIT', 0, 200)) do takeBack(rowOf(tonumber(address))) end
end
local stale = {}
for _, address in ipairs(call('ZRANGEBYSCORE', RESERVED, '-inf', text(now - STALE), 'LIMIT', 0, 100)) do
  stale[#stale + 1] = tonumber(address)
end
STEPS.unreserve({ addresses = stale })

local results, changes = {}, {}
for i, step in ipairs(work.steps) do
  if step.pool then step.pool = work.pools[step.pool] end
  local lease, known = STEPS[step.kind](step)
  results[i] = lease and { lease.state, text(lease.address), text(lease.expiresAt), lease.client, known and 'known' } or {}
end
if seq > before then call('HSET', META, 'seq', text(seq)) end
for address, row in pairs(changed) do changes[#changes + 1] = { text(address), pack(row) } end
return { 'ok', text(now), text(seq), results, changes, lentTold, wanted }
