-- Adds an entry to the history, or nothing: in one step, whoever else does so at the same time.
-- KEYS heads (hash: revision -> JSON), documents (hash: revision -> signature .. document), last (hash: revision, version), channel
-- ARGV version it replaces or *, least revision that is not free, most entries, head as JSON, version, signature and document,
--      revision it has to have, or empty: the next
local last = tonumber(redis.call('HGET', KEYS[3], 'revision') or '0')
local version = redis.call('HGET', KEYS[3], 'version')
if ARGV[1] ~= '*' and version ~= ARGV[1] then
  return 0
end
local revision = math.max(last, tonumber(ARGV[2])) + 1
if ARGV[7] ~= '' then
  revision = tonumber(ARGV[7])
  if revision <= last then
    return 0
  end
end
redis.call('HSET', KEYS[1], revision, ARGV[4])
redis.call('HSET', KEYS[2], revision, ARGV[6])
redis.call('HSET', KEYS[3], 'revision', revision, 'version', ARGV[5])
for _, old in ipairs(redis.call('HKEYS', KEYS[1])) do
  if tonumber(old) <= revision - tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], old)
    redis.call('HDEL', KEYS[2], old)
  end
end
redis.call('PUBLISH', KEYS[4], revision)
return revision
