package aurora

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// state is all that survives a restart.
type state struct {
	// Seed makes ids and temporary credentials differ from those of any other
	// state file.
	Seed []byte `json:"seed"`
	// NextID only grows: ids are never used again.
	NextID    uint64      `json:"nextId"`
	Clusters  []*Cluster  `json:"clusters"`
	Instances []*Instance `json:"instances"`
	Snapshots []*Snapshot `json:"snapshots,omitempty"`
	Events    []event     `json:"events"`

	SubnetGroups    []*SubnetGroup    `json:"subnetGroups,omitempty"`
	ParameterGroups []*ParameterGroup `json:"parameterGroups,omitempty"`
}

func (st *state) cluster(account, region, identifier string) *Cluster {
	for _, c := range st.Clusters {
		if strings.EqualFold(c.Identifier, identifier) && c.AccountID == account && c.Region == region {
			return c
		}
	}
	return nil
}

func (st *state) instance(account, region, identifier string) *Instance {
	for _, i := range st.Instances {
		if strings.EqualFold(i.Identifier, identifier) && i.AccountID == account && i.Region == region {
			return i
		}
	}
	return nil
}

func (st *state) snapshot(account, region, identifier string) *Snapshot {
	for _, n := range st.Snapshots {
		if strings.EqualFold(n.Identifier, identifier) && n.Source.AccountID == account && n.Source.Region == region {
			return n
		}
	}
	return nil
}

// members are a cluster's instances in order of creation: the first writes.
func (st *state) members(c *Cluster) []*Instance {
	var members []*Instance
	for _, i := range st.Instances {
		if i.ClusterIdentifier == c.Identifier && i.AccountID == c.AccountID && i.Region == c.Region {
			members = append(members, i)
		}
	}
	return members
}

// drop takes a cluster and its instances out.
func (st *state) drop(c *Cluster) {
	for _, i := range st.members(c) {
		st.Instances = slices.DeleteFunc(st.Instances, func(other *Instance) bool { return other == i })
	}
	st.Clusters = slices.DeleteFunc(st.Clusters, func(other *Cluster) bool { return other == c })
}

// id is 16 bytes that were never given out before.
func (st *state) id() []byte {
	st.NextID++
	sum := sha256.Sum256(fmt.Appendf(st.Seed[:len(st.Seed):len(st.Seed)], "/%d", st.NextID))
	return sum[:16]
}

// resourceID is an id in the form of RDS's resource ids.
func (st *state) resourceID(prefix string) string {
	return prefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(st.id())
}

// uuid is an id in the form of RDS's backtrack identifiers.
func (st *state) uuid() string { return uuidOf(st.id()) }

func uuidOf(id []byte) string {
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

func (s *Server) load() error {
	if s.opts.StateFile != "" {
		data, err := os.ReadFile(s.opts.StateFile)
		if err == nil {
			if err := json.Unmarshal(data, &s.state); err != nil {
				return fmt.Errorf("reading the state file %s: %w; move it away to start anew", s.opts.StateFile, err)
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading the state file: %w", err)
		}
	}
	if len(s.state.Seed) == 0 {
		s.state.Seed = make([]byte, 32)
		rand.Read(s.state.Seed) // never fails: crypto/rand ends the program instead
		s.dirty = true
	}
	s.save()
	return nil
}

// save writes the state if it changed. It goes to a new file that takes the
// place of the old one, so that a kill leaves one or the other.
func (s *Server) save() {
	if !s.dirty || s.opts.StateFile == "" {
		return
	}
	if err := s.write(); err != nil {
		s.log.Error("the state could not be saved; tried again at the next change or tick", "error", err)
		return
	}
	s.dirty = false
}

func (s *Server) write() error {
	data, err := json.MarshalIndent(&s.state, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the state: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(s.opts.StateFile), filepath.Base(s.opts.StateFile)+".*")
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), s.opts.StateFile)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing the state: %w", err), os.Remove(file.Name()))
	}
	return nil
}
