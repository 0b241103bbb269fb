-- Spreads requests over 10,000 end users; arguments: path, "keys" or "plain", a seed, the key.
local path, mode, key
local counter = 0

function init(args)
   path, mode, key = args[1], args[2], args[4]
   math.randomseed(tonumber(args[3]))
   prefix = string.format("%08x", math.random(0, 2147483647))
   wrk.headers["Authorization"] = "Bearer " .. key
   wrk.headers["Content-Type"] = "application/json"
end

function request()
   local user = string.format("u_%05d", math.random(0, 9999))
   local body
   if mode == "keys" then
      counter = counter + 1
      body = string.format('{"userId":"%s","amount":1,"idempotencyKey":"%08x-%s-%d"}',
         user, math.random(0, 2147483647), prefix, counter)
   else
      body = string.format('{"userId":"%s","amount":1}', user)
   end
   return wrk.format("POST", path, nil, body)
end
