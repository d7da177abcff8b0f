package dolt

import (
	"context"

	"github.com/dolthub/dolt/go/cmd/dolt/commands/engine"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/expression"
	"github.com/dolthub/go-mysql-server/sql/types"
)

const (
	auroraVersionName = "aurora_version"
	lockWaitName      = "innodb_lock_wait_timeout"
)

// addVariables gives the process the system variables that Aurora has and Dolt
// has not, or has for the name alone.
func addVariables() {
	scope := sql.GetMysqlScope(sql.SystemVariableScope_Both)
	sql.SystemVariables.AddSystemVariables([]sql.SystemVariable{
		&sql.MysqlSystemVariable{
			Name: lockWaitName, Scope: scope, Dynamic: true,
			Type: types.NewSystemIntType(lockWaitName, 1, 1<<30, false), Default: int64(defaultLockWait.Seconds()),
		},
		&sql.MysqlSystemVariable{
			Name: auroraVersionName, Scope: scope, Dynamic: false,
			Type: types.NewSystemStringType(auroraVersionName), Default: "",
		},
	})
}

// addAuroraVersion gives a server the function AURORA_VERSION().
func addAuroraVersion(ctx context.Context, e *engine.SqlEngine, version string) {
	e.GetUnderlyingEngine().Analyzer.Catalog.RegisterFunction(sql.NewContext(ctx), sql.Function0{
		Name: auroraVersionName,
		Fn:   func() sql.Expression { return expression.NewLiteral(version, types.LongText) },
	})
}
