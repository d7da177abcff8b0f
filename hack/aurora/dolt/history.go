package dolt

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dolthub/dolt/go/libraries/doltcore/doltdb"
	"github.com/dolthub/dolt/go/libraries/doltcore/ref"
	"github.com/dolthub/dolt/go/store/datas"
	"github.com/dolthub/dolt/go/store/hash"
)

// A database's history is a number of segments, each of them a chain of
// commits that a reference of its own holds. What clients see, the working set
// of the branch main, is no part of it. So a segment is forgotten by deleting
// its reference.

// segmentPrefix is how the references of segments begin.
const segmentPrefix = "history-"

func segmentRef(segment int64) ref.DoltRef {
	return ref.NewInternalRef(segmentPrefix + strconv.FormatInt(segment, 10))
}

// segmentOf is the segment that a reference holds.
func segmentOf(r ref.DoltRef) (int64, bool) {
	number, ok := strings.CutPrefix(r.GetPath(), segmentPrefix)
	if !ok {
		return 0, false
	}
	segment, err := strconv.ParseInt(number, 10, 64)
	return segment, err == nil
}

// addToHistory puts the data that was observed of a database behind its last
// version: in the same segment, unless another has begun.
func (d *database) addToHistory(ctx context.Context, o observed, last version) (version, error) {
	meta, err := datas.NewCommitMetaWithUserTS(adminUser, adminUser+"@localhost", "snapshot", d.engine.now())
	if err != nil {
		return version{}, err
	}
	parent, err := o.db.ResolveCommitRef(ctx, ref.NewBranchRef(mainBranch)) // where every segment begins
	if last.Commit != "" && last.Segment == d.segment {
		parent, err = commitOf(ctx, o.db, last.Commit)
	}
	if err != nil {
		return version{}, err
	}
	commit, err := o.db.CommitDanglingWithParentCommits(ctx, o.root, []*doltdb.Commit{parent}, meta)
	if err != nil {
		return version{}, fmt.Errorf("writing a commit: %w", err)
	}
	if err := o.db.SetHeadToCommit(ctx, segmentRef(d.segment), commit); err != nil {
		return version{}, fmt.Errorf("adding a commit to the history: %w", err)
	}
	address, err := commit.HashOf()
	if err != nil {
		return version{}, err
	}
	return version{Incarnation: last.Incarnation, Commit: address.String(), Segment: d.segment}, nil
}

// newSegment begins a segment for what is committed from now on.
func (d *database) newSegment(now time.Time) {
	d.segment, d.segmentBegan = max(d.segment+1, now.UnixMilli()), now
}

// workingRoot is the data that clients see, as the address of a root value.
func workingRoot(ctx context.Context, db *doltdb.DoltDB) (hash.Hash, error) {
	place, err := ref.WorkingSetRefForHead(ref.NewBranchRef(mainBranch))
	if err != nil {
		return hash.Hash{}, err
	}
	working, err := db.ResolveWorkingSet(ctx, place)
	if err != nil {
		return hash.Hash{}, err
	}
	return working.WorkingRoot().HashOf()
}

func commitOf(ctx context.Context, db *doltdb.DoltDB, address string) (*doltdb.Commit, error) {
	h, ok := hash.MaybeParse(address)
	if !ok {
		return nil, fmt.Errorf("%q is no commit", address)
	}
	found, err := db.ResolveHash(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("finding commit %s: %w", address, err)
	}
	commit, ok := found.ToCommit()
	if !ok {
		return nil, fmt.Errorf("commit %s is not there", address)
	}
	return commit, nil
}

func committedRoot(ctx context.Context, db *doltdb.DoltDB, address string) (hash.Hash, error) {
	commit, err := commitOf(ctx, db, address)
	if err != nil {
		return hash.Hash{}, err
	}
	root, err := commit.GetRootValue(ctx)
	if err != nil {
		return hash.Hash{}, err
	}
	return root.HashOf()
}
