"""Network: headroom from a linear load flow, by hand, against a published case and re-solved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerwall.criteria.power.network import Network, read_network
from powerwall.region.findings import BadInput

BUS = "bus,kv,load_mw,gen_mw,gen_max_mw,response_share\n"
BRANCH = "branch,from_bus,to_bus,x_pu,tap,shift_deg,rate_normal_mva,rate_emergency_mva,in_service\n"
TRIANGLE = (
    BUS + "1,230,0,60,300,1\n2,230,60,0,0,0\n3,230,0,0,0,0\n",
    BRANCH + "12,1,2,0.1,1,0,100,100,1\n13,1,3,0.1,,0,100,100,1\n23,2,3,0.1,0,,100,100,1\n",
)


def written(folder: Path, bus: str, branch: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bus.csv").write_text(bus, encoding="utf-8")
    (folder / "branch.csv").write_text(branch, encoding="utf-8")
    return folder


def changed(network: Network, bus=None, branch=None) -> Network:
    """The network with other columns."""
    return Network(network.bus.assign(**(bus or {})), network.branch.assign(**(branch or {})))


def meshed(seed: int, buses: int = 14, extra: int = 12) -> Network:
    """A made-up network: a random tree with extra branches, two of them parallel, and shifters."""
    rng = np.random.default_rng(seed)
    start = [int(rng.integers(k)) for k in range(1, buses)]
    end = list(range(1, buses))
    for _ in range(extra):
        i, j = rng.choice(buses, 2, replace=False)
        start.append(int(i)), end.append(int(j))
    start, end = [*start, start[0]], [*end, end[0]]
    names, count = [f"b{k}" for k in range(buses)], len(start)
    most = np.where(rng.random(buses) < 0.4, rng.uniform(50, 400, buses), 0.0)
    most[0] = 300.0
    bus = pd.DataFrame(
        {"kv": 345.0, "load_mw": rng.uniform(0, 60, buses), "gen_mw": 0.6 * most, "gen_max_mw": most,
         "response_share": np.nan}, index=pd.Index(names, name="bus"))  # fmt: skip
    branch = pd.DataFrame(
        {"from_bus": [names[k] for k in start], "to_bus": [names[k] for k in end],
         "x_pu": rng.uniform(0.01, 0.2, count), "tap": rng.choice([1.0, 0.97, 1.05], count),
         "shift_deg": rng.choice([0.0, 0.0, 2.0], count), "rate_normal_mva": 0.0,
         "rate_emergency_mva": 0.0, "in_service": 1.0},
        index=pd.Index([f"l{k}" for k in range(count)], name="branch"))  # fmt: skip
    flow = Network(bus, branch).base_flows().abs()
    rate = flow * rng.uniform(1.5, 3, count) + 60
    return Network(bus, branch.assign(rate_normal_mva=rate, rate_emergency_mva=1.2 * rate))


def flows_by_hand(network: Network, at: str | None = None, mw: float = 0.0, out: str | None = None):
    """Flows with a withdrawal and an outage, by a dense pseudo-inverse. [MW]"""
    bus, branch = network.bus, network.branch
    live = (branch["in_service"] == 1) & (branch.index != out)
    i, j = (bus.index.get_indexer(branch[c]) for c in ("from_bus", "to_bus"))
    b = np.where(live, 100 / (branch["x_pu"] * branch["tap"]), 0.0)
    incidence = np.zeros((len(branch), len(bus)))
    incidence[np.arange(len(branch)), i] += 1
    incidence[np.arange(len(branch)), j] -= 1
    shift = b * np.deg2rad(branch["shift_deg"].to_numpy())
    supply = (bus["gen_mw"] - bus["load_mw"]).to_numpy() - mw * (bus.index == at)
    share = bus["response_share"].to_numpy()
    if np.isnan(share).all():
        share = (bus["gen_max_mw"] - bus["gen_mw"]).clip(lower=0).to_numpy()
    supply = supply - share / share.sum() * supply.sum() + incidence.T @ shift
    angle = np.linalg.pinv(incidence.T @ (b[:, None] * incidence)) @ supply
    return pd.Series(b * (incidence @ angle) - shift, index=branch.index)


def test_the_triangle_has_its_hand_worked_numbers(tmp_path):
    network = read_network(written(tmp_path, *TRIANGLE))
    assert network.base_flows().to_dict() == pytest.approx({"12": 40, "13": 20, "23": -20})
    result = network.withdrawal_headroom(n1=True)
    assert result["headroom_n0_mw"][["2", "3"]].tolist() == pytest.approx([90, 120])
    assert result["headroom_n1_mw"][["2", "3"]].tolist() == pytest.approx([40, 40])
    assert result["limit_branch_n0"]["3"] == "13"
    assert not result["radial"].any()
    # all the generation is at bus 1, so nothing moves: generation limits
    assert result.loc["1", ["headroom_n0_mw", "limit_branch_n0", "outage_n1"]].tolist() == [
        240.0,
        "generation",
        None,
    ]


def test_the_columns_and_the_index_are_as_documented(tmp_path):
    result = read_network(written(tmp_path, *TRIANGLE)).withdrawal_headroom(["3", "2"])
    assert result.index.name == "bus"
    assert list(result.index) == ["3", "2"]
    assert list(result) == ["headroom_n0_mw", "limit_branch_n0", "headroom_n1_mw", "limit_branch_n1",
                            "outage_n1", "radial"]  # fmt: skip
    assert result["headroom_n1_mw"].isna().all()
    assert result["limit_branch_n1"].tolist() == result["outage_n1"].tolist() == [None, None]


@pytest.fixture
def case39(shared):
    return shared / "cases/power/networks/case39"


def test_the_39_bus_case_has_its_published_flows_and_headroom(case39):
    network = read_network(case39)
    words = dict.fromkeys(["bus", "branch", "limit_branch_n0", "limit_branch_n1", "outage_n1"], str)
    flow = pd.read_csv(case39 / "expected_base_flow.csv", dtype=words).set_index("branch")
    expected = pd.read_csv(case39 / "expected_headroom.csv", dtype=words).set_index("bus")
    assert (network.base_flows() - flow["flow_base_mw"]).abs().max() < 1e-3
    result = network.withdrawal_headroom(n1=True)
    for name in ("headroom_n0_mw", "headroom_n1_mw"):
        assert (result[name] - expected[name]).abs().max() < 1e-3
    for name in ("limit_branch_n0", "limit_branch_n1", "outage_n1"):
        assert result[name].tolist() == expected[name].tolist()
    assert result["radial"].tolist() == (expected["radial"] == 1).tolist()


def test_headroom_says_what_branches_carry_and_spare_generation_what_there_is(tmp_path):
    bus = BUS + "a,230,0,50,100,\nb,230,50,0,0,\n"
    network = read_network(written(tmp_path, bus, BRANCH + "1,a,b,0.1,1,0,1000,1000,1\n"))
    result = network.withdrawal_headroom(n1=True)
    assert result.loc["b", ["headroom_n0_mw", "limit_branch_n0"]].tolist() == [950.0, "1"]
    assert result.loc["a", ["headroom_n0_mw", "limit_branch_n0"]].tolist() == [50.0, "generation"]
    assert network.spare_generation_mw() == 50
    assert network.spare_generation_mw({"b": 20.0}) == 30
    assert network.spare_generation_mw({"a": 30.0, "b": 40.0}) == 0
    with pytest.raises(BadInput, match="no bus `c`"):
        network.spare_generation_mw({"c": 1.0})


def test_the_39_bus_case_has_less_spare_generation_than_some_branches_carry(case39):
    network = read_network(case39)
    assert network.spare_generation_mw() == pytest.approx(1113, abs=1)
    assert network.withdrawal_headroom(["30"])["headroom_n0_mw"].item() == pytest.approx(3102, abs=1)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_a_withdrawal_of_the_headroom_fills_the_named_branch_exactly(seed):
    network = meshed(seed)
    result = network.withdrawal_headroom(n1=True)
    for bus, row in result.iterrows():
        if row["limit_branch_n0"] != "generation":
            after = flows_by_hand(network, bus, row["headroom_n0_mw"])
            load = after.abs() / network.branch["rate_normal_mva"]
            assert load[row["limit_branch_n0"]] == pytest.approx(1.0, abs=1e-9)
        if row["outage_n1"] is not None:
            after = flows_by_hand(network, bus, row["headroom_n1_mw"], row["outage_n1"])
            load = after.abs() / network.branch["rate_emergency_mva"]
            assert load[row["limit_branch_n1"]] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_outages_are_those_of_a_network_solved_again_without_the_branch(seed):
    network = meshed(seed)
    found = network.withdrawal_headroom(n1=True)
    grid = network._grid
    smallest = found["headroom_n0_mw"].copy()
    cut = set(grid.names[grid.bridges()])
    for out in [name for name in grid.names if name not in cut]:
        live = (network.branch.index != out).astype(float)
        rate = network.branch["rate_emergency_mva"]
        again = changed(network, branch={"in_service": live, "rate_normal_mva": rate})
        smallest = np.minimum(smallest, again.withdrawal_headroom()["headroom_n0_mw"])
    assert found["headroom_n1_mw"].to_numpy() == pytest.approx(smallest.to_numpy(), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_an_outage_never_adds_headroom(seed):
    result = meshed(seed, 10, 6).withdrawal_headroom(n1=True)
    assert (result["headroom_n1_mw"] <= result["headroom_n0_mw"]).all()
    assert (result["headroom_n1_mw"] >= 0).all()


def test_the_order_of_buses_and_so_the_reference_does_not_matter():
    network = meshed(7)
    plain = network.withdrawal_headroom(n1=True)
    turned = Network(network.bus.iloc[::-1], network.branch.iloc[::-1])
    other = turned.withdrawal_headroom(n1=True).loc[plain.index]
    for name in ("headroom_n0_mw", "headroom_n1_mw"):
        assert other[name].to_numpy() == pytest.approx(plain[name].to_numpy(), rel=1e-9)
    for name in ("limit_branch_n0", "limit_branch_n1", "outage_n1", "radial"):
        assert other[name].tolist() == plain[name].tolist()
    flows = turned.base_flows()[network.branch.index]
    assert flows.to_numpy() == pytest.approx(network.base_flows().to_numpy(), abs=1e-8)


def test_a_bus_has_the_same_number_whichever_others_are_asked_for():
    network = meshed(3)
    every = network.withdrawal_headroom(n1=True)
    for bus in ("b3", "b9"):
        pd.testing.assert_frame_equal(
            network.withdrawal_headroom([bus], n1=True), every.loc[[bus]], check_exact=False
        )


def test_load_ahead_counts_as_load_that_is_there_already():
    network = meshed(5)
    ahead = network.withdrawal_headroom(n1=True, load_ahead={"b4": 15.0, "b6": 5.0})
    # the response takes up the load, so the base case is the same with the load written down
    share = (network.bus["gen_max_mw"] - network.bus["gen_mw"]).clip(lower=0)
    load = network.bus["load_mw"] + 15.0 * (network.bus.index == "b4")
    load += 5.0 * (network.bus.index == "b6")
    there = changed(network, bus={"load_mw": load, "response_share": share / share.sum()})
    wanted = there.withdrawal_headroom(n1=True)
    limited = ahead["limit_branch_n0"] != "generation"
    assert limited.any()
    for name in ("headroom_n0_mw", "headroom_n1_mw"):
        assert ahead[name][limited].to_numpy() == pytest.approx(wanted[name][limited].to_numpy())


def test_a_parallel_branch_is_no_bridge_and_a_single_one_leaves_the_smaller_side_radial(tmp_path):
    bus = BUS + "".join(f"{k},230,{0 if k == 1 else 10},{50 if k == 1 else 0},{200 if k == 1 else 0},\n" for k in range(1, 7))  # fmt: skip
    rows = ["12,1,2", "13,1,3", "23,2,3", "34a,3,4", "34b,3,4", "45,4,5", "56,5,6"]
    branch = BRANCH + "".join(f"{row},0.1,1,0,500,500,1\n" for row in rows)
    network = read_network(written(tmp_path, bus, branch))
    result = network.withdrawal_headroom(n1=True)
    assert result.index[result["radial"]].tolist() == ["5", "6"]
    assert network._grid.names[sorted(network._grid.bridges())].tolist() == ["45", "56"]


def test_of_two_equal_sides_the_one_with_less_generation_is_radial(tmp_path):
    branch = BRANCH + "l,a,b,0.1,1,0,0,0,1\n"
    for name, most, radial in (("x", (100, 0), ["b"]), ("y", (0, 100), ["a"])):
        bus = BUS + f"a,230,10,0,{most[0]},\nb,230,10,0,{most[1]},\n"
        result = read_network(written(tmp_path / name, bus, branch)).withdrawal_headroom()
        assert result.index[result["radial"]].tolist() == radial


def test_a_branch_that_is_overloaded_already_leaves_nothing_and_is_named(tmp_path):
    branch = TRIANGLE[1].replace("12,1,2,0.1,1,0,100,100,1", "12,1,2,0.1,1,0,30,30,1")
    network = read_network(written(tmp_path, TRIANGLE[0], branch))
    (finding,) = network.findings
    assert finding.severity == "warning"
    assert "`12` 40.0 of 30" in finding.message
    result = network.withdrawal_headroom(["2", "3"], n1=True)
    assert result["headroom_n0_mw"].tolist() == result["headroom_n1_mw"].tolist() == [0, 0]
    assert result["limit_branch_n0"].tolist() == ["12", "12"]


def test_without_ratings_the_spare_generation_limits(tmp_path):
    branch = TRIANGLE[1].replace(",100,100,", ",0,,")
    network = read_network(written(tmp_path, TRIANGLE[0], branch))
    result = network.withdrawal_headroom(n1=True, load_ahead={"3": 40})
    assert result["headroom_n0_mw"].tolist() == result["headroom_n1_mw"].tolist() == [200] * 3
    assert set(result["limit_branch_n0"]) == set(result["limit_branch_n1"]) == {"generation"}


def test_a_branch_out_of_service_carries_nothing(tmp_path):
    branch = TRIANGLE[1].replace("23,2,3,0.1,0,,100,100,1", "23,2,3,0,0,,100,100,0")
    network = read_network(written(tmp_path, TRIANGLE[0], branch))
    assert network.base_flows().to_dict() == pytest.approx({"12": 60, "13": 0, "23": 0}, abs=1e-9)


def test_parts_that_carry_nothing_are_left_out_with_a_note(tmp_path):
    more = TRIANGLE[1] + "45,4,5,0.1,1,0,0,0,1\n"
    network = read_network(written(tmp_path, TRIANGLE[0] + "4,230,0,0,0,\n5,230,,,,\n", more))
    assert list(network.bus.index) == ["1", "2", "3"]
    assert list(network.branch.index) == ["12", "13", "23"]
    assert [finding.severity for finding in network.findings] == ["note"]
    assert "`4`, `5`" in network.findings[0].message


def test_parts_that_carry_something_are_an_error_that_names_them(tmp_path):
    with pytest.raises(BadInput, match=r"1 buses are not connected.*`4`") as caught:
        read_network(written(tmp_path, TRIANGLE[0] + "4,230,5,0,0,\n", TRIANGLE[1]))
    (finding,) = caught.value.findings
    assert (Path(finding.file).name, finding.line) == ("bus.csv", 5)
    assert "connect the buses" in finding.remedy


def test_a_network_without_generation_is_an_error_of_its_file(tmp_path):
    bus = TRIANGLE[0].replace("60,300,1", "0,0,")
    folder = written(tmp_path / "tables", bus.replace(",0,0,0\n", ",0,0,\n"), TRIANGLE[1])
    idle = pypsa_folder(tmp_path / "idle", generators="name,bus,p_nom,marginal_cost\na,1,0,10\n")
    for place, name, remedy in ((folder, "bus.csv", "gen_max_mw"), (idle, "generators.csv", "p_nom")):  # fmt: skip
        with pytest.raises(BadInput, match="no generation") as caught:
            read_network(place)
        (finding,) = caught.value.findings
        assert Path(finding.file).name == name
        assert remedy in finding.remedy


def test_a_network_put_together_by_hand_gets_the_remedies_too():
    network = meshed(2)
    for wrong in ({"bus": {"gen_max_mw": 0.0}}, {"branch": {"in_service": 0.0}}):
        with pytest.raises(BadInput, match=r"PW402|PW412") as caught:
            changed(network, **wrong).withdrawal_headroom()
        assert caught.value.findings[0].remedy


def test_a_blank_x_is_called_blank_and_a_zero_x_zero(tmp_path):
    branch = BRANCH + "12,1,2,,1,0,100,100,1\n13,1,3,0,1,0,100,100,1\n23,2,3,,1,0,100,100,0\n"
    with pytest.raises(BadInput) as caught:
        read_network(written(tmp_path, TRIANGLE[0], branch))
    found = [(f.line, f.code, f.message) for f in caught.value.findings]
    assert found == [(2, "PW402", "branch `12`: x_pu is blank"),
                     (3, "PW402", "branch `13`: x is 0, which no load flow can take")]  # fmt: skip
    assert all(finding.remedy for finding in caught.value.findings)


@pytest.mark.parametrize("capacitor", [-0.03, -0.1, -0.15])
def test_a_series_capacitor_is_solved_whatever_it_does_to_the_diagonal(tmp_path, capacitor):
    # 1 – 4 – 2: a line of 0.1 and a capacitor, beside the other two sides of the triangle
    bus = TRIANGLE[0] + "4,230,0,0,0,0\n"
    branch = BRANCH + "14,1,4,0.1,1,0,100,100,1\n" + f"42,4,2,{capacitor},1,0,100,100,1\n"
    branch += "13,1,3,0.1,1,0,100,100,1\n23,2,3,0.1,1,0,100,100,1\n"
    network = read_network(written(tmp_path, bus, branch))
    wanted = flows_by_hand(network)
    assert network.base_flows().to_numpy() == pytest.approx(wanted.to_numpy(), abs=1e-9)
    assert network.base_flows()["14"] == pytest.approx(60 * 0.2 / (0.3 + capacitor))


@pytest.mark.parametrize(("x", "negative"), [("0.1", -0.1), ("0.3", -0.3), ("0.7", -0.70000000000001)])  # fmt: skip
def test_negative_x_that_leaves_no_load_flow_names_its_branches_and_their_row(tmp_path, x, negative):  # fmt: skip
    bus = BUS + "1,230,0,60,300,\n2,230,60,0,0,\n3,230,0,0,0,\n"
    branch = BRANCH + f"23,2,3,0.1,1,0,100,100,1\np,1,2,{x},1,0,100,100,1\nq,1,2,{negative},1,0,100,100,1\n"  # fmt: skip
    with pytest.raises(BadInput, match=r"branches with x < 0: `q`") as caught:
        read_network(written(tmp_path, bus, branch))
    (finding,) = caught.value.findings
    assert (Path(finding.file).name, finding.line, finding.code) == ("branch.csv", 4, "PW402")
    assert "series capacitor" in finding.remedy


def test_an_x_without_its_base_is_an_error_of_its_row(tmp_path):
    folder = pypsa_folder(tmp_path, transformers="name,bus0,bus1,x,s_nom\n1,1,1_220kV,0.1,0\n")
    with pytest.raises(BadInput, match="x cannot be worked out") as caught:
        read_network(folder)
    (finding,) = caught.value.findings
    assert (Path(finding.file).name, finding.line) == ("transformers.csv", 2)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    bus = "bus,kv,load_mw,gen_mw,extra\n1,230,0,sixty,x\n2,230,60,0,x\n2,230,60,inf,x\n,230,0,0,x\n"
    branch = BRANCH + (
        "12,1,2,0,1,0,100,100,1\n12,1,9,0.1,1,0,-5,100,1\n13,1,2,ten,-1,0,100,-1,2\n22,2,2,0.1,,,,,\n"
    )
    with pytest.raises(BadInput) as caught:
        read_network(written(tmp_path, bus, branch))
    found = {(Path(f.file).name, f.line, f.code) for f in caught.value.findings}
    assert found == {
        ("bus.csv", 1, "PW203"), ("bus.csv", 2, "PW401"), ("bus.csv", 4, "PW410"), ("bus.csv", 4, "PW404"),
        ("bus.csv", 5, "PW405"), ("branch.csv", 2, "PW402"), ("branch.csv", 3, "PW402"), ("branch.csv", 3, "PW404"),
        ("branch.csv", 3, "PW409"), ("branch.csv", 4, "PW401"), ("branch.csv", 4, "PW402"), ("branch.csv", 5, "PW402"),
    }  # fmt: skip
    third_row = [f for f in caught.value.findings if f.file.endswith("branch.csv") and f.line == 4]
    assert len(third_row) == 4


def test_a_missing_file_does_not_hide_what_is_wrong_in_the_other(tmp_path):
    written(tmp_path, TRIANGLE[0].replace(",60,300", ",many,300"), TRIANGLE[1])
    (tmp_path / "branch.csv").unlink()
    with pytest.raises(BadInput) as caught:
        read_network(tmp_path)
    assert {f.code for f in caught.value.findings} == {"PW201", "PW401"}


def test_a_folder_without_a_network_and_an_unknown_bus_are_errors(tmp_path):
    with pytest.raises(BadInput, match="no network here"):
        read_network(tmp_path / "nowhere")
    network = read_network(written(tmp_path, *TRIANGLE))
    with pytest.raises(BadInput, match="no bus `33`"):
        network.withdrawal_headroom(["1", "33"])
    with pytest.raises(BadInput, match="no bus `x`"):
        network.withdrawal_headroom(load_ahead={"x": 1.0})
    with pytest.raises(BadInput, match="no snapshot"):
        read_network(tmp_path, snapshot="3")


MATPOWER = """function mpc = made_up
%% a made-up case; mpc.bus = [ in a comment
mpc.version = '2';   % 100 % sure
mpc.baseMVA = 200;
mpc.bus = [
    1 3 0  0 0 0 1 1 0 230 1 1.1 0.9;
    2 1 55 0 5 0 1 1 0 230 1 1.1 0.9;  % the shunt draws 5
    3 1 10 0 0 0 1 1 0 ...  the row goes on
      230 1 1.1 0.9
    7, 4, 99, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9 ];
mpc.gen = [
    1 60 0 0 0 1 100 1 200 0; 1 0 0 0 0 1 100 1 100 0;
    3 50 0 0 0 1 100 0 500 0;
    7 50 0 0 0 1 100 1 500 0;
];
mpc.branch = [
    1 2 0 0.2 0 100 110 120 0    0   1 -360 360;
    1 3 0 0.2 0 100 110 0   0.98 1.5 1 -360 360;
    2 7 0 0.2 0 100 0   0   0    0   1 -360 360;
    2 3 0 0.2 0 100 0   0   0    0   1 -360 360;
    2 3 0 0.2 0 0   0   0   0    0   0 -360 360;
];
mpc.bus_name = {
    'one';
};
"""


def test_a_matpower_case_is_the_same_network_as_its_tables(tmp_path):
    (tmp_path / "made_up.m").write_text(MATPOWER, encoding="utf-8")
    bus = BUS + "1,230,0,60,300,\n2,230,60,0,0,\n3,230,10,0,0,\n"
    branch = BRANCH + (
        "1,1,2,0.1,1,0,100,120,1\n2,1,3,0.1,0.98,1.5,100,110,1\n4,2,3,0.1,1,0,100,100,1\n"
        "5,2,3,0.1,1,0,0,0,0\n"
    )
    case, tables = (
        read_network(tmp_path / "made_up.m"),
        read_network(written(tmp_path, bus, branch)),
    )
    pd.testing.assert_frame_equal(case.bus, tables.bus)
    pd.testing.assert_frame_equal(case.branch, tables.branch)
    pd.testing.assert_frame_equal(
        case.withdrawal_headroom(n1=True), tables.withdrawal_headroom(n1=True)
    )


def test_what_is_wrong_in_a_matpower_case_has_its_line(tmp_path):
    text = MATPOWER.replace("    1 2 0 0.2 0 100", "    1 8 0 0.2 0 many")
    text = text.replace(
        "    3 50 0 0 0 1 100 0 500 0;", "    33 50 0 0;\n    9 50 0 0 0 1 100 1 9 0;"
    )
    path = tmp_path / "bad.m"
    path.write_text(text + "mpc.branch(:, 4) = mpc.branch(:, 4) / 2;\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_network(path)
    found = {(f.line, f.code) for f in caught.value.findings}
    assert found == {(0, "PW202"), (13, "PW207"), (14, "PW409"), (18, "PW401"), (18, "PW409")}


def pypsa_folder(folder: Path, **files: str) -> Path:
    tables = {
        "buses": "name,v_nom\n1,380\n1_220kV,220\n2,380\n",
        "lines": "name,bus0,bus1,type,s_nom,length,num_parallel\n1,1,2,Al/St 240/40 4-bundle 380.0,1700,100,2\n",
        "transformers": "name,bus0,bus1,x,s_nom\n1,1,1_220kV,0.1,2000\n",
        "generators": "name,bus,p_nom,marginal_cost\nc,2,100,50\na,1,100,10\nb,1_220kV,300,50\n",
        "loads": "name,bus\nx,1_220kV\ny,2\n",
        "loads-p_set": ",x,y\n0,10,20\n1,150,50\n2,90,90\n",
    }
    folder.mkdir(exist_ok=True)
    for name, text in {**tables, **files}.items():
        (folder / f"{name.replace('__', '-')}.csv").write_text(text, encoding="utf-8")
    return folder


def test_a_pypsa_folder_takes_reactance_from_the_type_and_dispatches_by_cost(tmp_path):
    network = read_network(pypsa_folder(tmp_path))
    assert network.branch["x_pu"]["line 1"] == pytest.approx(0.246 * 100 / 2 * 100 / 380**2)
    assert network.branch["x_pu"]["transformer 1"] == pytest.approx(0.1 * 100 / 2000)
    assert network.bus["load_mw"].to_dict() == {"1": 0, "1_220kV": 150, "2": 50}
    # 200 MW: 100 at 10, then the other 100 from 400 MW at 50, each in proportion
    assert network.bus["gen_mw"].to_dict() == pytest.approx({"1": 100, "1_220kV": 75, "2": 25})
    assert network.bus["gen_max_mw"].to_dict() == {"1": 100, "1_220kV": 300, "2": 100}
    assert read_network(tmp_path, snapshot="2").bus["load_mw"]["2"] == 90


def test_a_pypsa_folder_takes_given_reactance_and_availability(tmp_path):
    folder = pypsa_folder(
        tmp_path,
        lines="name,bus0,bus1,x,s_nom\nl,1,2,14.44,1700\n",
        **{"generators-p_max_pu": ",a\n0,1\n1,0.25\n2,1\n"},
    )
    network = read_network(folder)
    assert network.branch["x_pu"]["line l"] == pytest.approx(0.01)
    assert network.bus["gen_max_mw"]["1"] == network.bus["gen_mw"]["1"] == 25


def test_what_is_wrong_in_a_pypsa_folder_is_told_at_once(tmp_path):
    folder = pypsa_folder(
        tmp_path,
        lines="name,bus0,bus1,type,s_nom,length\nl,1,5,wet string,1700,10\nm,1,2,,1700,10\n",
        generators="name,bus,p_nom,marginal_cost\na,9,100,10\n",
        loads="name,bus\nx,1_220kV\n",
    )
    with pytest.raises(BadInput) as caught:
        read_network(folder, snapshot="99")
    found = {(Path(f.file).name, f.code) for f in caught.value.findings}
    assert found == {
        ("lines.csv", "PW406"), ("lines.csv", "PW409"), ("lines.csv", "PW402"), ("generators.csv", "PW409"),
        ("loads-p_set.csv", "PW409"), ("loads-p_set.csv", "PW105"),
    }  # fmt: skip


def test_the_german_network_reads_with_sensible_numbers(shared):
    network = read_network(shared / "data/germany_scigrid")
    assert (len(network.bus), len(network.branch)) == (585, 852 + 96)
    assert network.bus["load_mw"].sum() == pytest.approx(58_424.8, abs=0.1)
    assert network.bus["gen_mw"].sum() == pytest.approx(58_424.8, abs=0.1)
    assert network.bus["gen_max_mw"].sum() == pytest.approx(172_540.6, abs=0.1)
    assert network.branch["x_pu"].between(1e-6, 0.3).all()
    assert any("snapshot `17`" in finding.message for finding in network.findings)
    some = network.withdrawal_headroom(["1", "1_220kV", "100"] if "1_220kV" in network.bus.index else ["1"], n1=True)  # fmt: skip
    assert (some["headroom_n1_mw"] <= some["headroom_n0_mw"]).all()


def test_the_size_of_the_blocks_does_not_matter(monkeypatch):
    plain = meshed(11, 40, 40).withdrawal_headroom(n1=True)
    for name, size in {"_BUSES": 7, "_OUTAGES": 3, "_GROUP": 2, "_PAIRS": 5}.items():
        monkeypatch.setattr(f"powerwall.criteria.power.network.search.{name}", size)
    pd.testing.assert_frame_equal(meshed(11, 40, 40).withdrawal_headroom(n1=True), plain)
