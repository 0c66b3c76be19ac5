select 1 as stub
