"""The rows of the table, each a function of its own that returns its figures. ALL has them in their order."""

from . import claiming, detached, encoding, ending, fetching, queueing, serving, snowflake, starting, submitting

ALL = {
    "P1": serving.p1,
    "P23": serving.p23,
    "P3": submitting.p3_p4,
    "P4": submitting.p3_p4,
    "P5": submitting.p5,
    "P6": submitting.p6,
    "P8": claiming.p8,
    "P9": encoding.p9_p10_p12,
    "P10": encoding.p9_p10_p12,
    "P11": claiming.p11,
    "P12": encoding.p9_p10_p12,
    "spool": claiming.spool,
    "spool_postgresql": fetching.spool_postgresql,
    "spool_trino": fetching.spool_trino,
    "P14": claiming.p14,
    "P15": serving.p15,
    "P18": ending.p18,
    "P21": starting.p21,
    "P22": queueing.p22,
    "monitoring": snowflake.monitoring,
    "history_sql": snowflake.history_sql,
    "sql_api_status": snowflake.sql_api_status,
    "driver_select1": snowflake.driver_select1,
    "driver_million": snowflake.driver_million,
    "poll_cost": detached.poll_cost,
}
