-- POST /v1/widget/sessions, each invite token once.
-- Environment: TOKENS, a file with one invite token a line (required); more tokens than requests will be sent.
local requests, i = {}, 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function init()
  for line in io.lines(os.getenv("TOKENS")) do
    requests[#requests + 1] = wrk.format(nil, "/v1/widget/sessions", nil, '{"invite_token":"' .. line .. '"}')
  end
end
function request()
  i = i + 1
  return requests[i] or requests[#requests]
end
