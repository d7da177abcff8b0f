package demo

import (
	"context"

	"github.com/aurora-backtrack/operator/hack/local/stage"
)

// scene is one step of the experiment: what is done, and what the database must hold afterwards.
type scene struct {
	title string
	act   func(*demo, context.Context) error
	want  content
}

// content is what the whole database holds: its tables, each with its columns and rows.
type content map[string]stage.Table

var firstData = []string{
	`CREATE TABLE players (id INT PRIMARY KEY AUTO_INCREMENT, username VARCHAR(40) NOT NULL)`,
	`INSERT INTO players (username) VALUES ('Alice'), ('Bob'), ('Charlie')`,
}

var (
	three = stage.Table{Columns: []string{"id", "username"}, Rows: [][]string{{"1", "Alice"}, {"2", "Bob"}, {"3", "Charlie"}}}
	dave  = stage.Table{Columns: three.Columns, Rows: append(clone(three.Rows), [][]string{{"4", "Dave"}, {"5", "Eve"}, {"6", "Frank"}}...)}
	games = stage.Table{Columns: []string{"id", "title"}, Rows: [][]string{{"1", "Chess"}, {"2", "Go"}, {"3", "Tetris"}}}

	george = stage.Table{Columns: []string{"id", "username", "sum_score"}, Rows: [][]string{
		{"1", "Alice", "0"}, {"2", "Bob", "0"}, {"3", "Charlie", "0"},
		{"4", "George", "100"}, {"5", "Helen", "200"}, {"6", "Ivan", "300"},
	}}
	logins = stage.Table{Columns: []string{"id", "player_id"}, Rows: [][]string{{"1", "4"}}}
)

// experiment is the one that everything is measured by: six steps, three of them rewinds.
var experiment = []scene{
	{
		title: "1. 13:55: the table players holds Alice, Bob and Charlie",
		act:   func(d *demo, ctx context.Context) error { return d.mark(ctx, "13:55") },
		want:  content{"players": three},
	},
	{
		title: "2. 14:05: Dave, Eve and Frank join, and there is a table games",
		act: func(d *demo, ctx context.Context) error {
			err := d.database.Run(ctx,
				`INSERT INTO players (username) VALUES ('Dave'), ('Eve'), ('Frank')`,
				`CREATE TABLE games (id INT PRIMARY KEY AUTO_INCREMENT, title VARCHAR(40) NOT NULL)`,
				`INSERT INTO games (title) VALUES ('Chess'), ('Go'), ('Tetris')`)
			if err != nil {
				return err
			}
			return d.mark(ctx, "14:05")
		},
		want: content{"players": dave, "games": games},
	},
	{
		title: "3. Backtrack to 13:55: only players, three rows; games is gone",
		act:   func(d *demo, ctx context.Context) error { return d.rewind(ctx, "back-to-1355", "13:55") },
		want:  content{"players": three},
	},
	{
		title: "4. 14:10: players get a score, George, Helen and Ivan join, and there is a table login_history",
		act: func(d *demo, ctx context.Context) error {
			err := d.database.Run(ctx,
				`ALTER TABLE players ADD COLUMN sum_score INT NOT NULL DEFAULT 0`,
				`CREATE TABLE login_history (id INT PRIMARY KEY AUTO_INCREMENT, player_id INT NOT NULL)`,
				`INSERT INTO players (id, username, sum_score) VALUES (4, 'George', 100), (5, 'Helen', 200), (6, 'Ivan', 300)`,
				`INSERT INTO login_history (player_id) VALUES (4)`)
			if err != nil {
				return err
			}
			return d.mark(ctx, "14:15")
		},
		want: content{"players": george, "login_history": logins},
	},
	{
		title: "5. \"Forward\" to 14:05: games is back, players 4 to 6 are Dave, Eve and Frank, there is no score",
		act:   func(d *demo, ctx context.Context) error { return d.rewind(ctx, "forward-to-1405", "14:05") },
		want:  content{"players": dave, "games": games},
	},
	{
		title: "6. Backtrack to 14:15: login_history and the scores are back, with George, Helen and Ivan",
		act:   func(d *demo, ctx context.Context) error { return d.rewind(ctx, "back-to-1415", "14:15") },
		want:  content{"players": george, "login_history": logins},
	},
}

func clone(rows [][]string) [][]string { return append([][]string(nil), rows...) }
