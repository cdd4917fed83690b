-- GET /v1/widget/session, cycling over many participant tokens.
-- Environment: TOKENS, a file with one token a line (required).
local requests, i = {}, 0
function init()
  for line in io.lines(os.getenv("TOKENS")) do
    requests[#requests + 1] = wrk.format("GET", "/v1/widget/session", { ["Authorization"] = "Bearer " .. line })
  end
end
function request()
  i = i % #requests + 1
  return requests[i]
end
