-- Spreads requests over end users; arguments: path, "keys", "plain" or "batch", a seed, the key,
-- how many users, how many events make a batch.
local path, mode, key, users, events
local counter = 0

function init(args)
   path, mode, key = args[1], args[2], args[4]
   users, events = tonumber(args[5]), tonumber(args[6])
   math.randomseed(tonumber(args[3]))
   prefix = string.format("%08x", math.random(0, 2147483647))
   wrk.headers["Authorization"] = "Bearer " .. key
   wrk.headers["Content-Type"] = "application/json"
end

local function event()
   local user = string.format("u_%07d", math.random(0, users - 1))
   if mode == "keys" then
      counter = counter + 1
      return string.format('{"userId":"%s","amount":1,"idempotencyKey":"%08x-%s-%d"}',
         user, math.random(0, 2147483647), prefix, counter)
   end
   return string.format('{"userId":"%s","amount":1}', user)
end

function request()
   if mode ~= "batch" then
      return wrk.format("POST", path, nil, event())
   end
   local all = {}
   for i = 1, events do all[i] = event() end
   return wrk.format("POST", path, nil, '{"events":[' .. table.concat(all, ",") .. "]}")
end
