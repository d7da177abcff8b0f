-- The status follows kstatus: observedGeneration is -1 until the operator has looked at the object, the conditions Reconciling
-- and Stalled exist only while they are true, and the condition Ready sums the object up. Its reasons:
-- https://github.com/aurora-backtrack/operator/blob/main/docs/runbook.md
local hs = { status = "Progressing", message = "Waiting for the operator to look at this AuroraCluster" }

if obj.status == nil or obj.status.conditions == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return hs
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end

if conditions.Reconciling ~= nil and conditions.Reconciling.status == "True" then
  hs.message = conditions.Reconciling.message
elseif conditions.Stalled ~= nil and conditions.Stalled.status == "True" then
  hs.status = "Degraded"
  hs.message = conditions.Stalled.message
elseif conditions.Ready ~= nil and conditions.Ready.status == "True" then
  hs.status = "Healthy"
  hs.message = conditions.Ready.message
end

return hs
