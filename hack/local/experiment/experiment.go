// Package experiment is the experiment that everything is measured by (the Aurora user guide's pages on backtracking tell one
// like it): six steps, three of them rewinds, and what the database must hold after each. The demo plays it with AuroraBacktracks
// on the local cloud, and e2e-aws with calls to RDS on a real cluster.
package experiment

import (
	"context"
	"slices"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// Content is what the whole database holds: its tables, each with its columns and rows.
type Content map[string]stage.Table

// Scene is one step: what is done, and what the database must hold afterwards.
type Scene struct {
	Title string
	// SQL is what is written.
	SQL []string
	// Mark is the time of the experiment that the present is remembered as, such as 13:55.
	Mark string
	// RewindTo is the marked time to which the database is rewound, and Name that of the rewind.
	RewindTo, Name string
	Want           Content
}

// FirstData is there before the first scene.
var FirstData = []string{
	`CREATE TABLE players (id INT PRIMARY KEY AUTO_INCREMENT, username VARCHAR(40) NOT NULL)`,
	`INSERT INTO players (username) VALUES ('Alice'), ('Bob'), ('Charlie')`,
}

var (
	three = stage.Table{Columns: []string{"id", "username"}, Rows: [][]string{{"1", "Alice"}, {"2", "Bob"}, {"3", "Charlie"}}}
	dave  = stage.Table{Columns: three.Columns, Rows: append(slices.Clone(three.Rows), [][]string{{"4", "Dave"}, {"5", "Eve"}, {"6", "Frank"}}...)}
	games = stage.Table{Columns: []string{"id", "title"}, Rows: [][]string{{"1", "Chess"}, {"2", "Go"}, {"3", "Tetris"}}}

	george = stage.Table{Columns: []string{"id", "username", "sum_score"}, Rows: [][]string{
		{"1", "Alice", "0"}, {"2", "Bob", "0"}, {"3", "Charlie", "0"},
		{"4", "George", "100"}, {"5", "Helen", "200"}, {"6", "Ivan", "300"},
	}}
	logins = stage.Table{Columns: []string{"id", "player_id"}, Rows: [][]string{{"1", "4"}}}
)

// Scenes are the six steps.
var Scenes = []Scene{
	{
		Title: "1. 13:55: the table players holds Alice, Bob and Charlie",
		Mark:  "13:55",
		Want:  Content{"players": three},
	},
	{
		Title: "2. 14:05: Dave, Eve and Frank join, and there is a table games",
		SQL: []string{
			`INSERT INTO players (username) VALUES ('Dave'), ('Eve'), ('Frank')`,
			`CREATE TABLE games (id INT PRIMARY KEY AUTO_INCREMENT, title VARCHAR(40) NOT NULL)`,
			`INSERT INTO games (title) VALUES ('Chess'), ('Go'), ('Tetris')`,
		},
		Mark: "14:05",
		Want: Content{"players": dave, "games": games},
	},
	{
		Title:    "3. Backtrack to 13:55: only players, three rows; games is gone",
		RewindTo: "13:55", Name: "back-to-1355",
		Want: Content{"players": three},
	},
	{
		Title: "4. 14:10: players get a score, George, Helen and Ivan join, and there is a table login_history",
		SQL: []string{
			`ALTER TABLE players ADD COLUMN sum_score INT NOT NULL DEFAULT 0`,
			`CREATE TABLE login_history (id INT PRIMARY KEY AUTO_INCREMENT, player_id INT NOT NULL)`,
			`INSERT INTO players (id, username, sum_score) VALUES (4, 'George', 100), (5, 'Helen', 200), (6, 'Ivan', 300)`,
			`INSERT INTO login_history (player_id) VALUES (4)`,
		},
		Mark: "14:15",
		Want: Content{"players": george, "login_history": logins},
	},
	{
		Title:    "5. \"Forward\" to 14:05: games is back, players 4 to 6 are Dave, Eve and Frank, there is no score",
		RewindTo: "14:05", Name: "forward-to-1405",
		Want: Content{"players": dave, "games": games},
	},
	{
		Title:    "6. Backtrack to 14:15: login_history and the scores are back, with George, Helen and Ivan",
		RewindTo: "14:15", Name: "back-to-1415",
		Want: Content{"players": george, "login_history": logins},
	},
}

// Read gives everything in the database.
func Read(ctx context.Context, database *stage.Database) (Content, error) {
	names, err := database.Query(ctx, "SHOW TABLES")
	if err != nil {
		return nil, err
	}
	all := Content{}
	for _, name := range names.Rows {
		if all[name[0]], err = database.Query(ctx, "SELECT * FROM `"+name[0]+"` ORDER BY id"); err != nil {
			return nil, err
		}
	}
	return all, nil
}
