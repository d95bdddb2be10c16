/**
 * What the server does in one step. A script runs alone, and its effects reach the append-only file together, so that no
 * reader, and no server that was killed and started again, ever sees half of one.
 *
 * A body is a hash: `size`, `modified`, `id`, and its chunks by number. The index is a sorted set whose members all have
 * score 0, which Redis keeps in byte order.
 */

/** KEYS: index, body, upload (or none). ARGV: key, id, size, "put" or "create", the only chunk (without an upload). */
export const commitScript = `
local index, body, upload = KEYS[1], KEYS[2], KEYS[3]
local key, id, size, kind, chunk = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if kind == 'create' and redis.call('EXISTS', body) == 1 then return 0 end
if upload then
  if redis.call('PERSIST', upload) == 0 then return -1 end
  redis.call('RENAME', upload, body)
else
  redis.call('DEL', body)
  redis.call('HSET', body, '0', chunk)
end
local now = redis.call('TIME')
local modified = now[1] .. string.format('%03d', math.floor(now[2] / 1000))
redis.call('HSET', body, 'id', id, 'size', size, 'modified', modified)
redis.call('ZADD', index, 0, key)
return 1
`;

/**
 * KEYS: body. ARGV: start, end ("" for the last byte), suffix ("" for none), size of a chunk, most chunks.
 * Answers size, id, and the first chunks of the range; nothing when the key is absent.
 */
export const readScript = `
local facts = redis.call('HMGET', KEYS[1], 'size', 'id')
if not facts[1] then return false end
local size, chunk = tonumber(facts[1]), tonumber(ARGV[4])
local from, to = math.min(tonumber(ARGV[1]), size), math.min(tonumber(ARGV[2]) or size, size)
if ARGV[3] ~= '' then from, to = math.max(0, size - tonumber(ARGV[3])), size end
local answer = { facts[1], facts[2] }
if from >= to then return answer end
local first, last = math.floor(from / chunk), math.floor((to - 1) / chunk)
for number = first, math.min(last, first + tonumber(ARGV[5]) - 1) do
  answer[#answer + 1] = redis.call('HGET', KEYS[1], string.format('%d', number))
end
return answer
`;

/** KEYS: index. ARGV: lowest, highest, limit, what stands before a key. Answers key, size, modified of each. */
export const listScript = `
local answer = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])) do
  local facts = redis.call('HMGET', ARGV[4] .. key, 'size', 'modified')
  answer[#answer + 1] = key
  answer[#answer + 1] = facts[1]
  answer[#answer + 1] = facts[2]
end
return answer
`;

/** KEYS: index. ARGV: what stands before a key, keys. */
export const deleteScript = `
for number = 2, #ARGV do
  redis.call('UNLINK', ARGV[1] .. ARGV[number])
  redis.call('ZREM', KEYS[1], ARGV[number])
end
return 0
`;
