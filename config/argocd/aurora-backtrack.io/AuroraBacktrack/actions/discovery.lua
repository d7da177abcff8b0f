-- start: ends the suspension of an object whose plan is shown. Where the AuroraCluster requires approval, the API server
-- refuses it: an approval is given by a person, in their own name, and not by Argo CD.
-- cancel: ends a run that RDS has not accepted.
-- undo: goes forward again, to where a completed backtrack came from.
local status = obj.status or {}
local succeeded = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Succeeded" then
    succeeded = condition
  end
end

local deleted = obj.metadata.deletionTimestamp ~= nil
local finished = status.completedAt ~= nil
local cancelled = obj.spec.cancel == true
local record = status.backtrack

return {
  start = {
    displayName = "Start",
    iconClass = "fa fa-fw fa-play",
    disabled = deleted or finished or cancelled or obj.spec.suspend ~= true or succeeded.reason ~= "Suspended",
  },
  cancel = {
    displayName = "Cancel",
    iconClass = "fa fa-fw fa-stop",
    disabled = deleted or finished or cancelled or record ~= nil,
  },
  undo = {
    displayName = "Undo",
    iconClass = "fa fa-fw fa-undo",
    disabled = deleted or record == nil or record.status ~= "completed" or record.backtrackedFrom == nil,
  },
}
